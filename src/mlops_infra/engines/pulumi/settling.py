"""Settles what a killed run left: a lock that nobody holds, and creates that nobody heard of again.

The process that Pulumi's engine ran in may have died between a create's request and its answer.
The state then says `creating` and no more. A second create would meet "already exists", or make a
second one; so the cloud is asked first: by the id that it makes of the name, or by the name that it
shows where the id is a number.
"""

from __future__ import annotations

import getpass
import socket
from typing import TYPE_CHECKING

import psutil

from mlops_infra.engines.pulumi.clouds import ids
from mlops_infra.engines.pulumi.deployment import name_of
from mlops_infra.engines.pulumi.troubles import owners
from mlops_infra.errors import InfraError
from mlops_infra.model import Event

if TYPE_CHECKING:
    from mlops_infra.engines.base import OnEvent
    from mlops_infra.engines.pulumi.deployment import Deployment, Document, Resource
    from mlops_infra.engines.pulumi.troubles import Owner
    from mlops_infra.engines.pulumi.workspace import Workspace
    from mlops_infra.errors import LockedError

LOCK_SECONDS = 1
"""How exactly a lock's time is told: to the second, cut off."""


def settle(workspace: Workspace, on_event: OnEvent) -> frozenset[str]:
    """Leave the stack without pending creates; returns the names of those there were.

    Raises:
        LockedError: somebody holds the stack.
        InfraError: some ids cannot be known. It is said once: those are no longer pending then.
    """
    deployment = workspace.export()
    if deployment is None or not deployment.pending:
        return frozenset()
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
        raise _unknown(unknown)
    return frozenset(each.name for each in deployment.pending)


def _expected(deployment: Deployment) -> tuple[dict[str, str], list[Resource]]:
    """Return the ids, by URN, that pending creates have if they are there; and those without one.

    What may simply be made again, or is known not to be there, is in neither.
    """
    providers = {each.urn: each.inputs for each in deployment.resources}
    known: dict[str, str] = {}
    unknown = []
    for each in deployment.pending:
        if ids.is_repeatable(each.kind):
            continue
        provider = providers.get(each.provider, {})
        expected = each.id or ids.id_of(each.kind, each.inputs, provider)
        found = {expected} if expected else _numbered(each, provider, deployment)
        if found is None or len(found) > 1:
            unknown.append(each)
        elif found:
            known[each.urn] = found.pop()
    return known, unknown


def _numbered(lost: Resource, provider: Document, deployment: Deployment) -> set[str] | None:
    """Return the ids of what shows itself by the same name and is none of the state's own.

    None where nothing of its type can be looked for so.
    """
    collection = ids.list_of(lost.kind, lost.inputs, provider)
    shown = lost.inputs.get("displayName")
    if not collection or not shown:
        return None
    from mlops_infra.engines.pulumi.clouds import gcp  # Google's login: Azure does without

    return set(gcp.shown_as(shown, collection)) - {each.id for each in deployment.resources}


def _unknown(pending: list[Resource]) -> InfraError:
    names = "\n".join(f"  {each.kind} '{each.name}'" for each in pending)
    return InfraError(
        f"a killed deploy was creating these, and which they are nobody can tell:\n{names}",
        hint="delete those of them that are there, in the cloud's console; then run it again",
    )


def release(workspace: Workspace, locked: LockedError, on_event: OnEvent) -> None:
    """Release a lock whose owner is provably dead.

    Raises:
        LockedError: somebody alive, or on another machine, holds it.
    """
    holders = owners(str(locked.__cause__))
    if not holders or not all(is_dead(each) for each in holders):
        raise locked
    on_event(Event(resource=workspace.stack, message="release the lock of a dead process"))
    workspace.run("cancel", "--stack", workspace.stack, "--yes")


def is_dead(owner: Owner) -> bool:
    """Return whether a lock's owner is known to be gone; of another machine or user nothing is.

    A zombie is gone: in a container whose first process reaps nothing it stays for good. So is one
    whose process id another process has got since.
    """
    if (owner.host, owner.user) != (socket.gethostname(), getpass.getuser()):
        return False
    try:
        found = psutil.Process(owner.pid)
        is_zombie = found.status() == psutil.STATUS_ZOMBIE
        seconds_younger = found.create_time() - owner.since.timestamp()
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False
    return is_zombie or seconds_younger > LOCK_SECONDS
