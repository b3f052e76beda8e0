"""Settles what a killed run left: creates that nobody heard of again.

The process that Pulumi's engine ran in may have died between a create's request and its answer.
The state then says `creating` and no more. A second create would meet "already exists", or make a
second one; so the cloud is asked first: by the id that it makes of the name, or by the name that it
shows where the id is a number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.engines.pulumi import locks
from mlops_infra.engines.pulumi.clouds import ids
from mlops_infra.engines.pulumi.deployment import name_of
from mlops_infra.errors import InfraError
from mlops_infra.model import Event

if TYPE_CHECKING:
    from mlops_infra.engines.base import OnEvent
    from mlops_infra.engines.pulumi.deployment import Deployment, Resource
    from mlops_infra.engines.pulumi.workspace import Workspace


def settle(workspace: Workspace, on_event: OnEvent) -> frozenset[str]:
    """Leave the stack without pending creates; returns the URNs of those there were.

    Raises:
        LockedError: somebody holds the stack.
        InfraError: which some are cannot be told. It is said once: they are not pending any more.
    """
    deployment = workspace.export()
    if deployment is None or not deployment.pending:
        return frozenset()
    # Else who is alive and still creates them would end between here and the import, unheard.
    locks.refuse_living(workspace.target)
    asked, unknown = _expected(deployment)
    # As if all were there; then a refresh drops from the state what is not.
    workspace.replace(deployment.settled(asked))
    for urn in asked:
        message = "ask the cloud: a killed run was creating it"
        on_event(Event(resource=name_of(urn), message=message))
    if asked:
        targets = [word for urn in asked for word in ("--target", urn)]
        workspace.run("refresh", "--stack", workspace.stack, "--yes", "--skip-preview", *targets)
    if unknown:
        listed = "\n".join(f"  {each}" for each in unknown)
        raise InfraError(
            f"a killed deploy was creating these, and which they are nobody can tell:\n{listed}",
            hint="delete those of them that are there, in the cloud's console; then run it again",
        )
    return frozenset(each.urn for each in deployment.pending)


def _expected(deployment: Deployment) -> tuple[dict[str, str], list[str]]:
    """Return the ids, by URN, that pending creates have if they are there; and what has none.

    What may simply be made again, or is known not to be there, is in neither.
    """
    known: dict[str, str] = {}
    unknown = []
    for each in deployment.pending:
        if each.is_repeatable:
            continue
        found = [each.id] if each.id else _numbered(each, deployment)
        if found is None:
            unknown.append(f"{each.kind} '{each.name}'")
        elif len(found) > 1:
            unknown.append(f"{each.kind} '{each.name}': {', '.join(found)}")
        elif found:
            known[each.urn] = found[0]
    return known, unknown


def _numbered(lost: Resource, deployment: Deployment) -> list[str] | None:
    """Return the ids of what shows itself by the same name and is none of the state's own.

    None where nothing of its type can be looked for so.
    """
    collection = ids.list_of(lost.kind, lost.inputs, deployment.provider_of(lost))
    shown = lost.inputs.get("displayName")
    if not collection or not shown:
        return None
    from mlops_infra.engines.pulumi.clouds import gcp  # Google's login: Azure does without

    taken = {each.id for each in deployment.resources}
    return [each for each in gcp.shown_as(shown, collection) if each not in taken]
