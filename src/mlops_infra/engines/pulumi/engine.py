"""The verbs of `azure` and `gcp`: Pulumi's engine plans and changes, its state tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.engines.pulumi.planning import preview, teardown_changes
from mlops_infra.engines.pulumi.workspace import Workspace
from mlops_infra.errors import InfraError, NotDeployedError
from mlops_infra.model import (
    Component,
    Credentials,
    Goal,
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
    from mlops_infra.model import Difference, LogLine, Target

ADMIN_PASSWORD = "admin-password"  # noqa: S105 - the name that the stacks give it
OUTPUTS = ("tracking_uri", "artifact_uri", "health_url", "mlflow_version")


class PulumiEngine:
    """Runs a platform as one Pulumi stack. Keeps nothing between calls."""

    def check(self, target: Target) -> None:
        """See that the command line, the state and its secrets can be used."""
        workspace = Workspace(target)
        workspace.require_secrets()
        workspace.export()

    def plan(self, target: Target, goal: Goal, *, delete_data: bool = False) -> Plan:
        """Return what Pulumi would do, in its own words."""
        workspace = Workspace(target)
        deployment = workspace.export()
        if goal is Goal.TEARDOWN:
            changes = teardown_changes(target, deployment, delete_data=delete_data)
            return Plan(target=target, goal=goal, changes=changes, delete_data=delete_data)
        found = preview(workspace, deployment)
        return Plan(target=target, goal=goal, changes=found.changes, token=found)

    def apply(self, plan: Plan, on_event: OnEvent) -> None:
        """Carry out `plan`, with Pulumi's events as progress."""
        from mlops_infra.engines.pulumi.steps import carry_out  # Pulumi's SDK: half a second

        workspace = Workspace(plan.target)
        workspace.require_secrets()
        carry_out(plan, workspace, on_event)

    def outputs(self, target: Target) -> Outputs:
        """Return what the program exported, from the state. The program does not run."""
        found = _deployed(target).outputs
        tracking_uri, artifact_uri, health_url, mlflow_version = (found[key] for key in OUTPUTS)
        return Outputs(
            tracking_uri=tracking_uri,
            artifact_uri=artifact_uri,
            health_url=health_url,
            mlflow_version=mlflow_version,
        )

    def credentials(self, target: Target) -> Credentials | None:
        """Return the administrator's login, which the state keeps encrypted."""
        if target.environment.server.auth == "none":
            return None
        workspace = Workspace(target)
        workspace.require_secrets()
        return Credentials(username=ADMIN_USERNAME, password=workspace.secret(ADMIN_PASSWORD))

    def status(self, target: Target) -> Status:
        """Say what the state holds."""
        found = Workspace(target).export()
        if found is None or not any(each.is_cloud_s for each in found.resources):
            return Status(components=(Component(name="stack", state=State.ABSENT),))
        if not found.is_deployed:
            detail = "torn down; its data is kept"
            if "tracking_uri" not in found.outputs:
                detail = "half deployed"
            return Status(components=(Component(name="stack", state=State.STOPPED, detail=detail),))
        count = sum(each.is_cloud_s for each in found.resources)
        component = Component(name="stack", state=State.RUNNING, detail=f"{count} resources")
        return Status(components=(component,), outputs=self.outputs(target), since=found.changed)

    def drift(self, target: Target) -> tuple[Difference, ...]:
        """Ask the cloud for every resource, and compare. A deploy after this brings it back."""
        from mlops_infra.engines.pulumi.automation import Automation  # Pulumi's SDK: half a second

        workspace = Workspace(target)
        workspace.require_secrets()
        _deployed(target)
        return Automation(workspace).drift()

    def logs(self, target: Target, *, follow: bool) -> Iterator[LogLine]:  # noqa: ARG002 - the protocol's
        """Not yet: it needs each cloud's own client.

        Raises:
            InfraError: always.
        """
        _deployed(target)
        raise InfraError(
            f"this version cannot read logs on {target.cloud}",
            hint="read them in the cloud's own console",
        )


def _deployed(target: Target) -> Deployment:
    found = Workspace(target).export()
    if found is None or not found.is_deployed:
        name, cloud = target.environment.name, target.cloud
        raise NotDeployedError(
            f"{target} is not deployed", hint=f"mlops-infra deploy -e {name} --cloud {cloud}"
        )
    return found
