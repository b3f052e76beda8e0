"""A deleted vault of Azure's, whose name is taken until somebody takes it back.

It comes back with its secrets. No provider creates what is there already, so they are put into the
state; what the vault does not have is left for the deploy to make.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.engines.pulumi.automation import Automation
from mlops_infra.engines.pulumi.deployment import VAULT, VAULT_SECRET, name_of
from mlops_infra.engines.pulumi.planning import program_of
from mlops_infra.errors import InfraError
from mlops_infra.model import Event

if TYPE_CHECKING:
    from mlops_infra.engines.base import OnEvent
    from mlops_infra.engines.pulumi.deployment import Deployment, Document
    from mlops_infra.engines.pulumi.planning import Preview

NAME_TAKEN = "A vault with the same name already exists in deleted state"


def is_name_taken(error: InfraError) -> bool:
    """Return whether Azure has refused a vault because a deleted one has its name."""
    return NAME_TAKEN in error.message


def take_back(found: Preview, on_event: OnEvent) -> frozenset[str]:
    """Recover the vault that `found` would create; return the names of what came back with it.

    Raises:
        InfraError: it cannot be recovered.
    """
    workspace = found.workspace
    vault = next(each.urn for each in found.steps if each.kind == VAULT)
    message = "a deleted vault has its name: take it back, with its secrets"
    on_event(Event(resource=name_of(vault), message=message))
    automation = Automation(
        workspace, program_of(workspace.target, found.images, recover_vault=True)
    )
    automation.preview(workspace.plan_file)
    try:
        automation.up(workspace.plan_file, on_event)
    except InfraError:  # of the secrets, which are there; or of the vault
        state = workspace.export()
        if state is None or vault not in {each.urn for each in state.resources}:
            raise
        return _take_secrets(found, state, vault)
    return frozenset()  # it had none of them


def _take_secrets(found: Preview, state: Deployment, vault: str) -> frozenset[str]:
    """Put the vault's secrets into the state, as if all were there; a refresh drops what is not."""
    workspace, deployment = found.workspace, state.document["deployment"]
    of_vault = next(each for each in deployment["resources"] if each["urn"] == vault)
    place = {key: of_vault["inputs"][key] for key in ("resourceGroupName", "vaultName")}
    secrets: list[Document] = [
        {
            "urn": each.urn,
            "custom": True,
            "id": f"{of_vault['id']}/secrets/{each.inputs['secretName']}",
            "type": each.kind,
            "inputs": {"secretName": each.inputs["secretName"], **place},
            "parent": of_vault["parent"],
            "provider": of_vault["provider"],
            "retainOnDelete": True,
        }
        for each in found.steps
        if each.kind == VAULT_SECRET and each.op == "create"
    ]
    changed = {**deployment, "resources": [*deployment["resources"], *secrets]}
    workspace.replace({**state.document, "deployment": changed})
    targets = [word for each in secrets for word in ("--target", each["urn"])]
    workspace.run("refresh", "--stack", workspace.stack, "--yes", "--skip-preview", *targets)
    return frozenset(name_of(each["urn"]) for each in secrets)
