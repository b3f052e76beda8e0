"""The verbs of `aws`: a change set is the plan, CloudFormation carries it out, boto3 reads."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from mlops_infra.engines.cdk import kept
from mlops_infra.engines.cdk.account import check_account, explained, session_of
from mlops_infra.engines.cdk.bootstrap import (
    carry_out_bootstrap,
    ci_variables,
    plan_bootstrap,
)
from mlops_infra.engines.cdk.drift import find_differences
from mlops_infra.engines.cdk.planning import deploy_changes
from mlops_infra.engines.cdk.stack import Stack, outputs_of
from mlops_infra.engines.cdk.steps import carry_out
from mlops_infra.engines.cdk.toolkit import Toolkit
from mlops_infra.engines.questions import findings
from mlops_infra.errors import NotDeployedError
from mlops_infra.model import (
    Component,
    Credentials,
    Difference,
    Finding,
    Goal,
    LogLine,
    Outputs,
    Plan,
    State,
    Status,
)
from mlops_infra.server import ADMIN_USERNAME, MLFLOW_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.engines.base import OnEvent
    from mlops_infra.model import Target

PUBLISHED = "TrackingUri"
"""The output that only a deploy that got through has."""


class CdkEngine:
    """Runs a platform as one CloudFormation stack. Keeps nothing between calls."""

    def __init__(self, *, poll_seconds: float = 2) -> None:
        """`poll_seconds` lie between two looks for new lines of a log that is followed."""
        self._poll_seconds = poll_seconds

    def check(self, target: Target, *, to_apply: bool) -> Iterator[Finding]:
        """Look at the tools, the credentials, and what the account allows."""
        from mlops_infra.engines.cdk.prerequisites import questions  # httpx: 0.1 s

        return findings(questions(target, _toolkit(target)), to_apply=to_apply)

    def plan(self, target: Target, goal: Goal, *, delete_data: bool = False) -> Plan:
        """Return what CloudFormation would do, in its own words."""
        toolkit = _toolkit(target)
        with explained():
            if goal is Goal.BOOTSTRAP:
                toolkit.check()
                return plan_bootstrap(target, session_of(target))
            stack = _stack(target)
            if goal is Goal.TEARDOWN:
                changes = kept.teardown_changes(target, stack, delete_data=delete_data)
            else:
                changes = deploy_changes(stack, toolkit)
        return Plan(
            target=target, goal=goal, changes=changes, delete_data=delete_data, token=toolkit
        )

    def apply(self, plan: Plan, on_event: OnEvent) -> None:
        """Carry out `plan`, with CloudFormation's events as progress."""
        toolkit = plan.token if isinstance(plan.token, Toolkit) else _toolkit(plan.target)
        with explained():
            if plan.goal is Goal.BOOTSTRAP:
                carry_out_bootstrap(plan, session_of(plan.target), toolkit, on_event)
                return
            carry_out(plan, _stack(plan.target), toolkit, on_event)

    def ci_variables(self, plan: Plan) -> dict[str, str]:
        """Return the role's name; it follows from the file."""
        return ci_variables(plan.target)

    def outputs(self, target: Target) -> Outputs:
        """Return what the stack published. One request."""
        return _outputs(_published(target))

    def credentials(self, target: Target) -> Credentials | None:
        """Return the administrator's login from Secrets Manager."""
        found = _published(target)
        if target.environment.server.auth == "none":
            return None
        with explained():
            secrets = session_of(target).client("secretsmanager")
            password = secrets.get_secret_value(SecretId=found["AdminSecret"])["SecretString"]
        return Credentials(username=ADMIN_USERNAME, password=password)

    def status(self, target: Target) -> Status:
        """Ask CloudFormation, ECS and RDS."""
        with explained():
            session = session_of(target)
            described = _described(target)
            if described is None:
                return Status(components=(Component(name="stack", state=State.ABSENT),))
            found = outputs_of(described)
            state = described["StackStatus"]
            is_busy = state.endswith("_IN_PROGRESS")
            parts = [
                Component(
                    name="stack",
                    state=State.STARTING if is_busy else State.RUNNING,
                    detail=state.lower().replace("_", " "),
                )
            ]
            if "ServiceName" in found:
                parts.append(_service(session.client("ecs"), found))
                parts.append(_database(session.client("rds"), found))
        return Status(
            components=tuple(parts),
            outputs=_outputs(found) if PUBLISHED in found else None,
            since=described.get("LastUpdatedTime") or described["CreationTime"],
        )

    def drift(self, target: Target) -> tuple[Difference, ...]:
        """Ask CloudFormation, which asks each resource's own service."""
        _published(target)
        with explained():
            return find_differences(_stack(target))

    def logs(self, target: Target, *, follow: bool) -> Iterator[LogLine]:
        """Read the server's log group, oldest first."""
        group = _published(target)["LogGroupName"]
        with explained():
            client: Any = session_of(target).client("logs")
            start = 0
            seen: set[str] = set()
            while True:
                pages = client.get_paginator("filter_log_events").paginate(
                    logGroupName=group, startTime=start
                )
                for page in pages:
                    for event in page["events"]:
                        if event["eventId"] not in seen:
                            seen.add(event["eventId"])
                            start = max(start, event["timestamp"])
                            yield LogLine(component="server", text=event["message"].rstrip())
                if not follow:
                    return
                time.sleep(self._poll_seconds)


def _toolkit(target: Target) -> Toolkit:
    return Toolkit(target)


def _stack(target: Target) -> Stack:
    return Stack(session_of(target), target.environment.full_name)


def _described(target: Target) -> dict[str, Any] | None:
    """Return CloudFormation's description of the stack, once it is seen to be the file's account's.

    Only a deploy looks at all that it needs before it begins.
    """
    found = _stack(target).describe()
    check_account(target, session_of(target), found)
    return found


def _published(target: Target) -> dict[str, str]:
    """Return what the stack published.

    Raises:
        NotDeployedError: there is no stack, or it never got through.
    """
    with explained():
        found = outputs_of(_described(target) or {})
    if PUBLISHED not in found:
        name, cloud = target.environment.name, target.cloud
        raise NotDeployedError(
            f"{target} is not deployed", hint=f"mlops-infra deploy -e {name} --cloud {cloud}"
        )
    return found


def _outputs(found: dict[str, str]) -> Outputs:
    return Outputs(
        tracking_uri=found[PUBLISHED],
        artifact_uri=found["ArtifactUri"],
        health_url=f"{found[PUBLISHED]}/health",
        mlflow_version=found.get("MlflowVersion", MLFLOW_VERSION),
    )


def _service(client: Any, found: dict[str, str]) -> Component:  # noqa: ANN401 - boto3 has no types
    wanted = {"cluster": found["ClusterName"], "services": [found["ServiceName"]]}
    try:
        services = client.describe_services(**wanted)["services"]
    except client.exceptions.ClusterNotFoundException:
        services = []
    if not services or services[0]["status"] == "INACTIVE":  # deleted by hand
        return Component(name="server", state=State.ABSENT)
    service = services[0]
    running, desired = service["runningCount"], service["desiredCount"]
    state = State.RUNNING if running >= desired else State.STARTING
    detail = f"{running} of {desired} replicas"
    return Component(name="server", state=state if running else State.STOPPED, detail=detail)


def _database(client: Any, found: dict[str, str]) -> Component:  # noqa: ANN401 - boto3 has no types
    try:
        answer = client.describe_db_instances(DBInstanceIdentifier=found["DatabaseIdentifier"])
    except client.exceptions.DBInstanceNotFoundFault:  # deleted by hand
        return Component(name="database", state=State.ABSENT)
    instance = answer["DBInstances"][0]
    is_up = instance["DBInstanceStatus"] == "available"
    return Component(
        name="database",
        state=State.RUNNING if is_up else State.STARTING,
        detail=f"PostgreSQL {instance['EngineVersion']}, {instance['DBInstanceStatus']}",
    )
