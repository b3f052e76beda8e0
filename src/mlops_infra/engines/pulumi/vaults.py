"""A deleted vault of Azure's, whose name is taken until somebody takes it back.

It comes back with its secrets. No provider creates what is there already, so they are imported;
what the vault does not have is left for the deploy to make.
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
    from mlops_infra.engines.pulumi.planning import Preview

NAME_TAKEN = "A vault with the same name already exists in deleted state"
NOT_THERE = "does not exist"


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
    program = program_of(workspace.target, found.images, recover_vault=True)
    Automation(workspace, program).up_only(vault, on_event)
    state = workspace.export()
    recovered = state.raw(vault) if state else {}
    taken: set[str] = set()
    for each in found.steps:
        if each.kind == VAULT_SECRET and each.op == "create":
            secret_id = f"{recovered['id']}/secrets/{each.inputs['secretName']}"
            try:
                workspace.run(
                    *("import", each.kind, name_of(each.urn), secret_id),
                    *("--parent", f"vault={recovered['parent']}"),
                    *("--provider", f"azure={recovered['provider'].rpartition('::')[0]}"),
                    *("--stack", workspace.stack, "--yes", "--skip-preview"),
                    *("--generate-code=false", "--protect=false"),
                )
            except InfraError as error:
                if NOT_THERE not in error.message:
                    raise
            else:
                taken.add(name_of(each.urn))
    return frozenset(taken)
