"""Who holds a stack, read where Pulumi keeps its locks: it has no command that only tells."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from mlops_infra.engines.pulumi.files import files_of
from mlops_infra.engines.pulumi.settling import is_dead
from mlops_infra.engines.pulumi.troubles import Owner, locked
from mlops_infra.errors import InfraError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.model import Target


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
