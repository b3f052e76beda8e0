"""The verbs of `azure` and `gcp`: Pulumi's engine plans and changes, its state tells."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from mlops_infra.engines.pulumi.bootstrap import (
    carry_out_bootstrap,
    ci_variables,
    plan_bootstrap,
)
from mlops_infra.engines.pulumi.clouds import cloud_of
from mlops_infra.engines.pulumi.planning import preview, teardown_changes
from mlops_infra.engines.pulumi.reading import read
from mlops_infra.engines.pulumi.workspace import Workspace
from mlops_infra.engines.questions import findings
from mlops_infra.errors import InfraError, NotDeployedError
from mlops_infra.model import (
    Component,
    Credentials,
    Goal,
    LogLine,
    Outputs,
    Plan,
    State,
    Status,
)
from mlops_infra.server import ADMIN_USERNAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.engines.base import OnEvent
    from mlops_infra.engines.pulumi.deployment import Deployment
    from mlops_infra.model import Difference, Finding, Target

OUTPUTS = ("tracking_uri", "artifact_uri", "health_url", "mlflow_version")
ADMIN_PASSWORD = "admin-password"  # noqa: S105 - the name that the stacks give it


class PulumiEngine:
    """Runs a platform as one Pulumi stack. Keeps nothing between calls."""

    def __init__(self, *, poll_seconds: float = 5) -> None:
        """`poll_seconds` lie between two looks for new lines of a log that is followed.

        Google allows 60 a minute: https://cloud.google.com/logging/quotas#api-limits
        """
        self._poll_seconds = poll_seconds

    def check(self, target: Target, *, to_apply: bool) -> Iterator[Finding]:
        """Look at Pulumi, the login, the state, and what the cloud allows."""
        from mlops_infra.engines.pulumi.prerequisites import questions  # httpx: 0.1 s

        return findings(questions(target), to_apply=to_apply)

    def plan(self, target: Target, goal: Goal, *, delete_data: bool = False) -> Plan:
        """Return what Pulumi would do, in its own words."""
        if goal is Goal.BOOTSTRAP:
            return plan_bootstrap(target)
        workspace = Workspace(target)
        deployment = workspace.export()
        if goal is Goal.TEARDOWN:
            changes = teardown_changes(target, deployment, delete_data=delete_data)
            shown = tuple(changes.values())
            return Plan(target=target, goal=goal, changes=shown, delete_data=delete_data)
        found = preview(workspace, deployment)
        return Plan(target=target, goal=goal, changes=found.changes, token=found)

    def apply(self, plan: Plan, on_event: OnEvent) -> None:
        """Carry out `plan`, with Pulumi's events as progress."""
        from mlops_infra.engines.pulumi.steps import carry_out  # Pulumi's SDK: half a second

        if plan.goal is Goal.BOOTSTRAP:
            carry_out_bootstrap(plan, on_event)
            return
        workspace = Workspace(plan.target)
        workspace.require_secrets()
        carry_out(plan, workspace, on_event)

    def ci_variables(self, plan: Plan) -> dict[str, str]:
        """Return what the bootstrap's program exported for CI."""
        return ci_variables(plan)

    def outputs(self, target: Target) -> Outputs:
        """Return what the program exported, from the state. The program does not run."""
        return _outputs(_deployed(target))

    def credentials(self, target: Target) -> Credentials | None:
        """Return the administrator's login, from the cloud's secrets or the state's."""
        if target.environment.server.auth == "none":
            return None
        return Credentials(username=ADMIN_USERNAME, password=_admin_password(target))

    def status(self, target: Target) -> Status:
        """Say what the state holds, and ask the cloud how the server and the database are."""
        found = read(target)
        if found is None or not any(each.is_cloud_s for each in found.resources):
            return Status(components=(Component(name="stack", state=State.ABSENT),))
        if not found.is_deployed:
            detail = "torn down; its data is kept"
            if "tracking_uri" not in found.outputs:
                detail = "half deployed"
            return Status(components=(Component(name="stack", state=State.STOPPED, detail=detail),))
        count = sum(each.is_cloud_s for each in found.resources)
        stack = Component(name="stack", state=State.RUNNING, detail=f"{count} resources")
        parts = cloud_of(target).components(found)
        return Status(components=(stack, *parts), outputs=_outputs(found), since=found.changed)

    def drift(self, target: Target) -> tuple[Difference, ...]:
        """Ask the cloud for every resource, and compare. A deploy after this brings it back."""
        from mlops_infra.engines.pulumi.automation import Automation  # Pulumi's SDK: half a second

        workspace = Workspace(target)
        workspace.require_secrets()
        _deployed(target)
        return Automation(workspace).drift()

    def logs(self, target: Target, *, follow: bool) -> Iterator[LogLine]:
        """Read the server's log from the cloud, oldest first; what is newest may take minutes."""
        deployment, cloud = _deployed(target), cloud_of(target)
        seen: set[str] = set()
        since = ""
        while True:
            for each in cloud.log_entries(deployment, since=since):
                if each.id not in seen:
                    seen.add(each.id)
                    since = each.time
                    yield LogLine(component="server", text=each.text.rstrip())
            if not follow:
                return
            time.sleep(self._poll_seconds)


def _outputs(found: Deployment) -> Outputs:
    return Outputs(**{key: found.outputs[key] for key in OUTPUTS})


def _admin_password(target: Target) -> str:
    """Return it for whoever may read the cloud's secret; else for whoever may decrypt the state."""
    reference = _deployed(target).outputs.get("admin_secret")
    if reference:
        with suppress(InfraError):  # of Azure's owners few may
            return cloud_of(target).secret(reference)
    workspace = Workspace(target)
    workspace.require_secrets()
    return workspace.secret(ADMIN_PASSWORD)


def _deployed(target: Target) -> Deployment:
    found = read(target)
    if found is None or not found.is_deployed:
        name, cloud = target.environment.name, target.cloud
        raise NotDeployedError(
            f"{target} is not deployed", hint=f"mlops-infra deploy -e {name} --cloud {cloud}"
        )
    return found
