"""Ways to break control 16."""

from __future__ import annotations

from tests.stacks.gcp.declared import ALARM, CHANNEL, LOG_BUCKET, SINK, SUBNET
from tests.stacks.gcp.mutations import Mutation

THRESHOLD = "conditions.0.conditionThreshold"

MUTATIONS = (
    *(
        Mutation(16, f"there is no alarm {name}", lambda edit, name=name: edit.remove(ALARM, name))
        for name in (
            "server-errors",
            "unhealthy-replicas",
            "no-replica",
            "database-storage",
            "database-cpu",
            "database-connections",
        )
    ),
    Mutation(
        16,
        "an alarm is on another environment's service",
        lambda edit: edit.put(
            ALARM,
            f"{THRESHOLD}.filter",
            'resource.type="cloud_run_revision" AND metric.type="run.googleapis.com/request_count"'
            ' AND resource.labels.service_name="mlops-dev"'
            ' AND metric.labels.response_code_class="5xx"',
            "server-errors",
        ),
    ),
    Mutation(
        16,
        "an alarm is on every answer, not on errors",
        lambda edit: edit.put(
            ALARM,
            f"{THRESHOLD}.filter",
            'metric.type="run.googleapis.com/request_count"'
            ' AND resource.labels.service_name="mlops-prod"',
            "server-errors",
        ),
    ),
    Mutation(
        16,
        "the alarm goes off while the disk is empty",
        lambda edit: edit.put(ALARM, f"{THRESHOLD}.comparison", "COMPARISON_LT", "storage"),
    ),
    Mutation(
        16,
        "the alarm goes off when the disk has been full",
        lambda edit: edit.put(ALARM, f"{THRESHOLD}.thresholdValue", 1.0, "storage"),
    ),
    Mutation(
        16,
        "no replica is no data, and no data is fine",
        lambda edit: edit.put(
            ALARM,
            f"{THRESHOLD}.evaluationMissingData",
            "EVALUATION_MISSING_DATA_INACTIVE",
            "no-replica",
        ),
    ),
    Mutation(16, "an alarm tells nobody", lambda edit: edit.put(ALARM, "notificationChannels", [])),
    Mutation(16, "an alarm is off", lambda edit: edit.put(ALARM, "enabled", value=False)),
    Mutation(16, "the channel is off", lambda edit: edit.put(CHANNEL, "enabled", value=False)),
    Mutation(
        16,
        "the mail goes to somebody else",
        lambda edit: edit.put(CHANNEL, "labels.email_address", "me@example.com"),
    ),
    Mutation(
        16,
        "logs are kept for Google's 30 days",
        lambda edit: edit.drop(LOG_BUCKET, "retentionDays"),
    ),
    Mutation(
        16,
        "logs go elsewhere",
        lambda edit: edit.put(SINK, "destination", "storage.googleapis.com/some-bucket"),
    ),
    Mutation(16, "the sink is off", lambda edit: edit.put(SINK, "disabled", value=True)),
    Mutation(
        16,
        "the database's log is not among them",
        lambda edit: edit.put(SINK, "filter", 'resource.labels.service_name="mlops-prod"'),
    ),
    Mutation(16, "traffic is not logged", lambda edit: edit.drop(SUBNET, "logConfig")),
    Mutation(
        16,
        "the engine is told of another log",
        lambda edit: edit.program.exports.update(log_bucket="_Default"),
    ),
)
