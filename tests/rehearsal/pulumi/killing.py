"""An environment on azure or gcp whose commands are killed, and what state and cloud hold of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psutil

from mlops_infra.engines.pulumi.deployment import Deployment
from tests.rehearsal.killing import Command, started

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.rehearsal.pulumi.small.environment import Small

    Moment = Callable[[Command["Subject"]], bool]

STAYS_ON = "gcp:projects/service:Service"
"""An API of a project: a teardown leaves it on, for others may use it."""

SURVIVOR_SECONDS = 60
"""How long Pulumi may take to end without the command that started it."""


@dataclass(frozen=True)
class Held:
    """Where the cloud stops to answer: at a type's `create`, or when it is `created`; and so on."""

    kind: str
    operation: str = "create"


@dataclass(frozen=True)
class Subject:
    """An environment whose commands are killed."""

    small: Small

    @property
    def state_file(self) -> Path:
        return self.small.state_folder / "stacks" / "mlops" / "dev.json"

    @property
    def deployment(self) -> Deployment | None:
        """The state as its file is at this moment; None where there is no stack."""
        if not self.state_file.exists():
            return None
        found = json.loads(self.state_file.read_text())["checkpoint"]["latest"] or {}
        return Deployment(document={"deployment": found})

    @property
    def pending(self) -> list[dict[str, Any]]:
        """What the state says was begun and not finished."""
        found = self.deployment
        return found.document["deployment"].get("pending_operations") or [] if found else []

    @property
    def locks(self) -> list[Path]:
        return list((self.small.state_folder / "locks").rglob("*.json"))

    @property
    def there(self) -> set[tuple[str, str]]:
        """Type and id of all that is in the cloud; what waits to be purged is not."""
        cloud = self.small.clouds.cloud
        kinds = (kind for kind in cloud.kinds() if ":" in kind and kind != STAYS_ON)
        return {(kind, each) for kind in kinds for each in cloud.of(kind)}

    @property
    def known(self) -> set[tuple[str, str]]:
        """Type and id of all that the state says is in the cloud."""
        found = self.deployment
        resources = found.resources if found else ()
        return {
            (each.kind, each.id)
            for each in resources
            if each.is_cloud_s and not each.kind.startswith(("random:", STAYS_ON))
        }

    def command(self, *words: str) -> AbstractContextManager[Command[Subject]]:
        """Start a command."""
        project = self.small.project
        argv = project.argv(words[0], "-e", "dev", "--yes", *words[1:])
        environ = project.environ(**self.small.environ)
        return started(self, argv, folder=project.folder, environ=environ)

    def killed(
        self, moment: Moment | Held, *, with_all: bool, words: tuple[str, ...] = ("deploy",)
    ) -> str:
        """Run a command until `moment`, kill it, and return what it had said.

        Where Pulumi goes on without it, the cloud answers again, and Pulumi is waited for.
        """
        survivors: list[psutil.Process] = []
        with self.command(*words) as command:
            if isinstance(moment, Held):
                with self.small.clouds.faults.holding(moment.kind, moment.operation) as is_held:
                    command.wait_for(lambda _: is_held())
                    survivors = self._kill(command, with_all=with_all)
            else:
                command.wait_for(moment)
                survivors = self._kill(command, with_all=with_all)
            _, alive = psutil.wait_procs(survivors, timeout=SURVIVOR_SECONDS)
            assert not alive, alive
            return command.said

    def assert_at_rest(self) -> None:
        """See that nothing is begun or locked, and that the cloud holds what the state does."""
        assert not self.locks
        assert not self.pending
        there, known = self.there, self.known
        assert there == known, f"lost: {there - known}; gone: {known - there}"

    def _kill(self, command: Command[Subject], *, with_all: bool) -> list[psutil.Process]:
        if not with_all:
            return command.kill_alone()
        command.kill(with_all=True)
        return []
