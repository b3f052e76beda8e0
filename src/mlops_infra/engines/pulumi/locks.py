"""Who holds a stack, read where Pulumi keeps its locks: it has no command that only tells.

And the release of what a killed run holds.
"""

from __future__ import annotations

import getpass
import json
import socket
from datetime import datetime
from typing import TYPE_CHECKING

import psutil

from mlops_infra.engines.pulumi.files import files_of
from mlops_infra.engines.pulumi.troubles import Owner, locked, owners
from mlops_infra.errors import InfraError, LockedError
from mlops_infra.model import Event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.engines.base import OnEvent
    from mlops_infra.engines.pulumi.workspace import Workspace
    from mlops_infra.model import Target

LOCK_SECONDS = 1
"""How exactly a lock's time is told: to the second, cut off."""


def check_lock(target: Target) -> str:
    """See that nobody holds the stack; a dead process of this machine is nobody.

    Raises:
        LockedError: somebody does.
        InfraError: only Pulumi knows the way to the locks.
    """
    holders = [_owner(each) for each in _notes(target)]
    alive = [each for each in holders if not is_dead(each)]
    if alive:
        raise locked(target, alive)
    return "that of a dead process, which a deploy releases" if holders else "nobody has it"


def refuse_living(target: Target) -> None:
    """See that nobody holds the stack who is not known to be dead.

    Where only Pulumi can read the locks it refuses by itself, as soon as it is to change something.

    Raises:
        LockedError: somebody does.
    """
    try:
        check_lock(target)
    except LockedError:
        raise
    except InfraError:
        return


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


def _notes(target: Target) -> Iterator[bytes]:
    """Yield what the holders of the stack have left there.

    https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/backend/diy/lock.go
    """
    files, environment = files_of(target), target.environment
    if files is None:
        raise InfraError("the locks in this state are Pulumi's alone to read")
    for path in files.below(f"locks/organization/{environment.project}/{environment.name}"):
        body = files.read(path) if path.endswith(".json") else None
        if body:  # else it has just been released
            yield body


def _owner(note: bytes) -> Owner:
    found = json.loads(note)
    since = datetime.fromisoformat(found["timestamp"]).replace(microsecond=0)
    return Owner(user=found["username"], host=found["hostname"], pid=found["pid"], since=since)
