"""The verbs that every cloud honours. No inheritance, no printing, no questions.

An engine turns a target into a plan and carries exactly that plan out. `operations.py` is its only
caller; `recording.py` is a fake that ships, for tests of what is above.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.model import (
        Credentials,
        Difference,
        Event,
        Finding,
        Goal,
        LogLine,
        Outputs,
        Plan,
        Status,
        Target,
    )


class OnEvent(Protocol):
    """Is told each step of a running plan."""

    def __call__(self, event: Event, /) -> None: ...


class Engine(Protocol):
    """Carries out one cloud's stacks."""

    def check(self, target: Target, *, to_apply: bool) -> Iterator[Finding]:
        """Yield what a plan needs and, with `to_apply`, also what only carrying it out needs.

        A tool, a login, a permission, a quota, disk, a port: all are looked at, whatever is
        missing. Changes nothing.
        """
        ...

    def plan(self, target: Target, goal: Goal, *, delete_data: bool = False) -> Plan:
        """Return what reaching `goal` would change; changes nothing.

        `BOOTSTRAP` needs a login and no `check`: it makes what `check` asks for.
        """
        ...

    def apply(self, plan: Plan, on_event: OnEvent) -> None:
        """Carry out exactly `plan`. Safe to repeat after anything, a killed run included.

        Raises:
            LockedError: another process is changing this environment.
            InfraError: a step failed; a later deploy goes on from there.
        """
        ...

    def ci_variables(self, plan: Plan) -> dict[str, str]:
        """Return what CI signs in with, none of it secret, once a plan of a bootstrap is applied.

        Empty where the file has no `ci`, or the cloud needs no login.
        """
        ...

    def outputs(self, target: Target) -> Outputs:
        """Return what the last deploy yielded.

        Raises:
            NotDeployedError: there was none, or it was torn down.
        """
        ...

    def credentials(self, target: Target) -> Credentials | None:
        """Return what clients log in with, or None where the server asks for nothing."""
        ...

    def status(self, target: Target) -> Status:
        """Return what runs, as the cloud sees it."""
        ...

    def drift(self, target: Target) -> tuple[Difference, ...]:
        """Return what is not as the last deploy left it; changes nothing, shows no secret.

        A deploy after this brings all of it back.

        Raises:
            NotDeployedError: there was no deploy, or it was torn down.
        """
        ...

    def logs(self, target: Target, *, follow: bool) -> Iterator[LogLine]:
        """Yield the server's log, oldest line first; with `follow`, go on until stopped."""
        ...
