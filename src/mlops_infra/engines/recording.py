"""An engine that touches nothing: it remembers what it was asked, and answers what it was given.

It ships, so that whoever builds on `operations` or the command line can test without a cloud.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.errors import NotDeployedError
from mlops_infra.model import (
    Action,
    Change,
    Component,
    Credentials,
    Difference,
    Event,
    Finding,
    Goal,
    LogLine,
    Outputs,
    Plan,
    State,
    Status,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.engines.base import OnEvent
    from mlops_infra.errors import InfraError
    from mlops_infra.model import Target

OUTPUTS = Outputs(
    tracking_uri="http://127.0.0.1:9",  # the discard port: nothing answers
    artifact_uri="s3://recording/artifacts",
    health_url="http://127.0.0.1:9/health",
    mlflow_version="0.0.0",
)
CREDENTIALS = Credentials(username="admin", password="recorded-password")  # noqa: S106 - a fake
HEALTHY = Finding(name="memory", verdict=Verdict.OK, detail="of this process")

CI_VARIABLES = {"RECORDED_ROLE": "the recorded role"}


class RecordingEngine:
    """A platform of one resource, per target, in memory.

    `calls` holds every verb with its target, in order. `failing` maps a verb to the error that it
    raises. `findings` is what `check` finds, and `drifted` what `drift` does.
    """

    def __init__(self, *, failing: dict[str, InfraError] | None = None) -> None:
        self.calls: list[tuple[str, str]] = []
        self.failing = failing or {}
        self.deployed: set[str] = set()
        self.bootstrapped: set[str] = set()
        self.findings: tuple[Finding, ...] = (HEALTHY,)
        self.drifted: tuple[Difference, ...] = ()

    def check(self, target: Target, *, to_apply: bool) -> Iterator[Finding]:  # noqa: ARG002 - the protocol's
        """Yield what a test put into `findings`."""
        self._record("check", target)
        yield from self.findings

    def plan(self, target: Target, goal: Goal, *, delete_data: bool = False) -> Plan:
        """Plan to create or delete the one resource."""
        self._record("plan", target)
        is_there = str(target) in self.deployed
        if goal is Goal.BOOTSTRAP:
            return Plan(target=target, goal=goal, changes=self._missing(target))
        changes: tuple[Change, ...] = ()
        if goal is Goal.DEPLOY and not is_there:
            changes = (Change(action=Action.CREATE, resource="server", reason="there is none"),)
        elif goal is Goal.TEARDOWN and is_there:
            kept = Action.DELETE if delete_data else Action.KEEP
            changes = (
                Change(action=Action.DELETE, resource="server", reason="is there"),
                Change(action=kept, resource="data", reason="in memory"),
            )
        return Plan(target=target, goal=goal, changes=changes, delete_data=delete_data)

    def apply(self, plan: Plan, on_event: OnEvent) -> None:
        """Do what the plan says, in memory."""
        self._record("apply", plan.target)
        for change in plan.changes:
            on_event(Event(resource=change.resource, message=change.action, done=True))
        if plan.goal is Goal.BOOTSTRAP:
            self.bootstrapped.add(str(plan.target))
            return
        change_set = self.deployed.add if plan.goal is Goal.DEPLOY else self.deployed.discard
        change_set(str(plan.target))

    def ci_variables(self, plan: Plan) -> dict[str, str]:
        """Return a fixed variable, where the file has `ci`."""
        self._record("ci_variables", plan.target)
        return dict(CI_VARIABLES) if plan.target.environment.ci else {}

    def outputs(self, target: Target) -> Outputs:
        """Return fixed outputs, once deployed."""
        self._record("outputs", target)
        self._require_deployed(target)
        return OUTPUTS

    def credentials(self, target: Target) -> Credentials | None:
        """Return a fixed login."""
        self._record("credentials", target)
        return CREDENTIALS if target.environment.server.auth == "basic" else None

    def status(self, target: Target) -> Status:
        """Say what `deployed` says."""
        self._record("status", target)
        if str(target) not in self.deployed:
            return Status(components=(Component(name="server", state=State.ABSENT),))
        component = Component(name="server", state=State.RUNNING)
        return Status(components=(component,), outputs=OUTPUTS)

    def drift(self, target: Target) -> tuple[Difference, ...]:
        """Return what a test put into `drifted`."""
        self._record("drift", target)
        self._require_deployed(target)
        return self.drifted

    def logs(self, target: Target, *, follow: bool) -> Iterator[LogLine]:
        """Yield two lines."""
        self._record("logs", target)
        yield LogLine(component="server", text="started")
        yield LogLine(component="server", text="following" if follow else "ready")

    def _missing(self, target: Target) -> tuple[Change, ...]:
        if str(target) in self.bootstrapped:
            return ()
        return (Change(action=Action.CREATE, resource="bucket", reason="there is none"),)

    def _require_deployed(self, target: Target) -> None:
        if str(target) not in self.deployed:
            raise NotDeployedError(f"{target} is not deployed", hint="mlops-infra deploy")

    def _record(self, verb: str, target: Target) -> None:
        self.calls.append((verb, str(target)))
        if verb in self.failing:
            raise self.failing[verb]
