"""An emulated `gcp` of four types: what a small stack needs, and what makes it difficult."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi_gcp as gcp

from mlops_infra.rehearsal.gcp import web
from mlops_infra.rehearsal.pulumi.description import CloudError, Provider, ResourceType
from tests.rehearsal.pulumi.small import CONTENTS

if TYPE_CHECKING:
    from mlops_infra.rehearsal.pulumi.description import Call


def refuse_full(call: Call) -> None:
    if call.cloud.get(CONTENTS, call.id) and not call.inputs.get("forceDestroy"):
        raise CloudError(f"the bucket you tried to delete is not empty: {call.id}")


def refuse_without_instance(call: Call) -> None:
    instance = call.inputs["instance"]
    if not call.cloud.exists(instance):
        raise CloudError(f"instance does not exist: {instance}")


PROVIDER = Provider(
    name="gcp",
    version="10.2.0",
    config=frozenset({"project", "region"}),
    sites=web.SITES,
    types=(
        ResourceType(
            sdk=gcp.storage.Bucket,
            id=lambda call: call.inputs["name"],
            computed=lambda call: {"url": f"gs://{call.inputs['name']}"},
            replace_on=frozenset({"name", "location"}),
            before_delete=refuse_full,
            after_delete=lambda call: call.cloud.delete(CONTENTS, call.id),
        ),
        ResourceType(
            sdk=gcp.sql.DatabaseInstance,
            id=lambda call: call.inputs["name"],
            computed=lambda call: {"connectionName": f"{call.config['project']}:eu:db"},
            replace_on=frozenset({"name", "region"}),
            write_only=frozenset({"rootPassword"}),
        ),
        ResourceType(
            sdk=gcp.sql.Database,
            id=lambda call: (
                f"projects/{call.config['project']}/instances/{call.inputs['instance']}"
                f"/databases/{call.inputs['name']}"
            ),
            replace_on=frozenset({"name", "instance"}),
            before_create=refuse_without_instance,
        ),
        ResourceType(
            sdk=gcp.cloudrunv2.Service,
            id=lambda call: (
                f"projects/{call.config['project']}/locations/{call.inputs['location']}"
                f"/services/{call.inputs['name']}"
            ),
            computed=lambda call: {"uri": f"https://{call.inputs['name']}-1.eu.run.app"},
            replace_on=frozenset({"name", "location"}),
        ),
    ),
)
