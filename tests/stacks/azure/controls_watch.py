"""Control 16: logs and alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.config.models import Environment
    from tests.stacks.azure.declared import Item, Stack

KEPT_DAYS = {False: 30, True: 90}
SERVER, DATABASE = "app:ContainerApp", "dbforpostgresql:Server"


def control_16(stack: Stack, environment: Environment) -> Iterator[str]:
    """Logs are kept for a set time; alarms go where the file says."""
    workspace = stack.one("operationalinsights:Workspace")
    if workspace.get("retentionInDays") != KEPT_DAYS[environment.protected]:
        yield f"logs are kept {workspace.get('retentionInDays')} days"
    front = stack.one("app:ManagedEnvironment")
    if front.get("appLogsConfiguration.destination") != "azure-monitor":
        yield "the server's log goes by a key of the workspace, or nowhere"
    for source, categories in (
        (front, {"ContainerAppConsoleLogs", "ContainerAppSystemLogs"}),
        (stack.database, {"PostgreSQLLogs"}),
    ):
        collected = {
            log["category"]
            for each in stack.all("monitor:DiagnosticSetting")
            if each["resourceUri"] == source.id and each.get("workspaceId") == workspace.id
            for log in each["logs"]
            if log["enabled"]
        }
        if collected != categories:
            yield f"of {source.name} {sorted(collected)} is collected"
    for watched in _wanted(environment):
        if not any(_watches(stack, each, watched) for each in stack.all("monitor:MetricAlert")):
            yield f"nobody hears of {watched}"
    yield from _reaches(stack, environment)


Watched = tuple[str, str, str, float, str]


def _wanted(environment: Environment) -> Iterator[Watched]:
    """What must be watched: kind, metric, operator, threshold, aggregation."""
    connections = environment.database.connections + 15
    yield SERVER, "Requests", "GreaterThan", 10, "Total"
    yield SERVER, "RestartCount", "GreaterThan", 2, "Maximum"
    if environment.server.replicas.min:
        yield SERVER, "Replicas", "LessThan", 1, "Maximum"
    yield DATABASE, "storage_percent", "GreaterThan", 90, "Maximum"
    yield DATABASE, "cpu_percent", "GreaterThan", 80, "Average"
    yield DATABASE, "active_connections", "GreaterThan", connections * 9 // 10, "Maximum"
    yield DATABASE, "is_db_alive", "LessThan", 1, "Minimum"


def _watches(stack: Stack, alarm: Item, watched: Watched) -> bool:
    kind, metric, operator, threshold, aggregation = watched
    (criterion,) = alarm["criteria"]["allOf"]
    if metric == "Requests" and criterion.get("dimensions") != [
        {"name": "statusCodeCategory", "operator": "Include", "values": ["5xx"]}
    ]:
        return False
    return (
        alarm.get("enabled") is True
        and alarm["scopes"] == [stack.one(kind).id]
        and criterion["metricName"] == metric
        and criterion["operator"] == operator
        and criterion["threshold"] == threshold
        and criterion["timeAggregation"] == aggregation
    )


def _reaches(stack: Stack, environment: Environment) -> Iterator[str]:
    group, alerts = stack.one("monitor:ActionGroup"), environment.alerts
    if group.get("enabled") is not True:
        yield "nobody is told of any alarm"
    readers = [each["emailAddress"] for each in group.get("emailReceivers", [])]
    if readers != ([alerts.email] if alerts else []):
        yield f"alarms are told to {readers}, the file says {alerts}"
    for each in stack.all("monitor:MetricAlert"):
        if [action["actionGroupId"] for action in each.get("actions", [])] != [group.id]:
            yield f"{each.name} tells nobody"
