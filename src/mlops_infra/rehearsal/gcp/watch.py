"""Logs, alarms, and whom they tell."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pulumi_gcp as gcp

from mlops_infra.rehearsal.gcp.project import NUMBER, project, require, resource
from mlops_infra.rehearsal.pulumi.cloud import Resource
from mlops_infra.rehearsal.pulumi.description import CloudError

if TYPE_CHECKING:
    from mlops_infra.rehearsal.pulumi.description import Call

LOG_BUCKET = "gcp:logging/projectBucketConfig:ProjectBucketConfig"
ALARM = "gcp:monitoring/alertPolicy:AlertPolicy"
CHANNEL = "gcp:monitoring/notificationChannel:NotificationChannel"
WRITER = f"service-{NUMBER}@gcp-sa-logging.iam.gserviceaccount.com"
DELETED_BUCKET = "log bucket that is deleted in 7 days"


def _refuse_deleted(call: Call) -> None:
    if call.cloud.get(DELETED_BUCKET, call.id):
        raise CloudError(f"Error 400: bucket {call.id} is pending deletion: undelete it first")


def _keep_for_a_week(call: Call) -> None:
    call.cloud.put(DELETED_BUCKET, call.id, Resource(inputs={}, outputs={}))


def _refuse_sink(call: Call) -> None:
    require(call, LOG_BUCKET, call.inputs["destination"].removeprefix("logging.googleapis.com/"))


def _refuse_alarm(call: Call) -> None:
    for each in call.inputs.get("notificationChannels", []):
        require(call, CHANNEL, each)


def _refuse_used(call: Call) -> None:
    for alarm_id, each in call.cloud.of(ALARM).items():
        if call.id in each.inputs.get("notificationChannels", []):
            raise CloudError(f"Error 400: '{call.id}' is used by '{alarm_id}'")


def _numbered(kind: str, call: Call) -> str:
    """Return an id that Google makes up."""
    return f"projects/{project(call)}/{kind}/{1 + secrets.randbelow(2**63)}"


TYPES = (
    resource(
        gcp.logging.ProjectBucketConfig,
        "projects/{project}/locations/{location}/buckets/{bucketId}",
        computed=lambda call: {"name": call.id, "lifecycleState": "ACTIVE"},
        refuse=_refuse_deleted,
        after_delete=_keep_for_a_week,
        takes_over=True,
    ),
    resource(
        gcp.logging.ProjectSink,
        "projects/{project}/sinks/{name}",
        computed=lambda _: {"writerIdentity": f"serviceAccount:{WRITER}"},
        refuse=_refuse_sink,
    ),
    resource(
        gcp.monitoring.NotificationChannel,
        lambda call: _numbered("notificationChannels", call),
        replace_on=frozenset({"type"}),
        computed=lambda call: {"name": call.id, "verificationStatus": ""},
        before_delete=_refuse_used,
    ),
    resource(
        gcp.monitoring.AlertPolicy,
        lambda call: _numbered("alertPolicies", call),
        computed=lambda call: {"name": call.id, "creationRecords": []},
        refuse=_refuse_alarm,
    ),
)
