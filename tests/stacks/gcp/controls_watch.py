"""Control 16: logs are kept for a set time, and alarms reach whom the file names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tests.stacks.gcp.declared import ALARM, CHANNEL, LOG_BUCKET, SINK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.config.models import Alerts, Environment
    from tests.stacks.gcp.declared import Declared
    from tests.stacks.registered import Registered

ABOVE, BELOW = "COMPARISON_GT", "COMPARISON_LT"


class Watched(NamedTuple):
    """A metric that needs an alarm: what its filter must name, on which side of its bound."""

    metric: str
    terms: tuple[str, ...]
    comparison: str
    bounds: tuple[float, float]


RUN, SQL = "run.googleapis.com", "cloudsql.googleapis.com"


def control_16(declared: Declared, environment: Environment) -> Iterator[str]:
    """Logs are kept for a set time; each alarm exists and reaches the address in the file."""
    yield from _logs(declared, environment)
    for watched in _watched(environment):
        if not any(_is_on(declared, alarm, watched) for alarm in declared.all(ALARM)):
            yield f"no alarm on {watched.metric}"
    for alarm in declared.all(ALARM):
        yield from _arrives(declared, alarm, environment.alerts)


def _watched(environment: Environment) -> Iterator[Watched]:
    most = environment.database.connections
    yield Watched(
        f"{RUN}/request_count", ('metric.labels.response_code_class="5xx"',), ABOVE, (0, 10)
    )
    yield Watched(
        f"{RUN}/container/completed_probe_count", ("metric.labels.is_healthy=false",), ABOVE, (0, 0)
    )
    if environment.server.replicas.min:
        yield Watched(f"{RUN}/container/instance_count", (), BELOW, (1, 1))
    yield Watched(f"{SQL}/database/disk/utilization", (), ABOVE, (0.5, 0.9))
    yield Watched(f"{SQL}/database/cpu/utilization", (), ABOVE, (0.5, 0.9))
    yield Watched(f"{SQL}/database/postgresql/num_backends", (), ABOVE, (most * 0.5, most * 0.9))


def _logs(declared: Declared, environment: Environment) -> Iterator[str]:
    days = [each.get("retentionDays") for each in declared.all(LOG_BUCKET)]
    if days != [90 if environment.protected else 14]:
        yield f"logs are kept {days} days"
    (bucket,) = declared.all(LOG_BUCKET)
    gcp = environment.gcp
    assert gcp is not None
    here = f"projects/{gcp.project}/locations/{bucket['location']}/buckets/{bucket['bucketId']}"
    for sink in declared.all(SINK):
        if sink["destination"] != f"logging.googleapis.com/{here}" or sink.get("disabled"):
            yield f"logs go to {sink['destination']}"
    (subnet,) = declared.subnets
    kept = " ".join(each["filter"] for each in declared.all(SINK))
    for term in (
        f'resource.labels.service_name="{declared.service["name"]}"',
        f'resource.labels.database_id="{gcp.project}:{declared.instance["name"]}"',
        f'resource.labels.subnetwork_name="{subnet["name"]}"',
    ):
        if term not in kept:
            yield f"not in the environment's logs: {term}"
    if not subnet.get("logConfig"):
        yield "the network's traffic is not logged"
    if declared.exports.get("log_bucket") != bucket["bucketId"]:
        yield "the engine cannot find the log"


def _is_on(declared: Declared, alarm: Registered, watched: Watched) -> bool:
    own = (
        f'resource.labels.service_name="{declared.service["name"]}"'
        if watched.metric.startswith(RUN)
        else f'resource.labels.database_id="{_project(declared)}:{declared.instance["name"]}"'
    )
    conditions: list[dict[str, Any]] = [each["conditionThreshold"] for each in alarm["conditions"]]
    least, most = watched.bounds
    return any(
        set(each["filter"].split(" AND "))
        >= {f'metric.type="{watched.metric}"', own, *watched.terms}
        and each["comparison"] == watched.comparison
        and least <= each["thresholdValue"] <= most
        # Without any replica there is no count of them either.
        and (
            watched.comparison == ABOVE
            or each["evaluationMissingData"] == "EVALUATION_MISSING_DATA_ACTIVE"
        )
        for each in conditions
    )


def _project(declared: Declared) -> str:
    return declared.one("pulumi:providers:gcp")["project"]


def _arrives(declared: Declared, alarm: Registered, alerts: Alerts | None) -> Iterator[str]:
    if alarm.get("enabled") is False:
        yield f"{alarm.name} is off"
    readers = [
        channel.get("labels", {}).get("email_address")
        for channel in declared.all(CHANNEL)
        if channel.get("enabled") is not False
        and f"NotificationChannel/{channel.name}" in alarm.get("notificationChannels", [])
    ]
    if readers != ([alerts.email] if alerts else []):
        yield f"{alarm.name} tells {readers}, the file says {alerts}"
