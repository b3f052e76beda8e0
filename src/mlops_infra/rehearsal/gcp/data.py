"""Cloud SQL, Cloud Storage and Artifact Registry: the data, and what is left of it."""

from __future__ import annotations

import os
import secrets
from hashlib import sha256
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

import httpx
import pulumi_gcp as gcp

from mlops_infra.rehearsal.gcp.identity import refuse_member
from mlops_infra.rehearsal.gcp.network import PEERED_ADDRESS, PEERING
from mlops_infra.rehearsal.gcp.project import project, region, require, resource
from mlops_infra.rehearsal.pulumi.cloud import Resource
from mlops_infra.rehearsal.pulumi.description import CloudError

if TYPE_CHECKING:
    from mlops_infra.rehearsal.pulumi.description import Call, Properties

INSTANCE = "gcp:sql/databaseInstance:DatabaseInstance"
DATABASE, USER = "gcp:sql/database:Database", "gcp:sql/user:User"
BUCKET = "gcp:storage/bucket:Bucket"
BUCKET_GRANT = "gcp:storage/bucketIAMMember:BucketIAMMember"
FINAL_BACKUP = "final backup"
"""What a deleted instance leaves; Pulumi knows nothing of it."""

PEERED = IPv4Network((PEERED_ADDRESS, 20))
"""Google's own network: each instance has its address of it."""
ENTERPRISE_LOG_DAYS = 7
AUTHORITY = "-----BEGIN CERTIFICATE-----\n{name}\n-----END CERTIFICATE-----\n"


def _instance(call: Call) -> Properties:
    name = call.inputs["name"]
    address = str(
        PEERED[2 + int(sha256(name.encode()).hexdigest(), 16) % (PEERED.num_addresses - 4)]
    )
    return {
        "connectionName": f"{project(call)}:{region(call)}:{name}",
        "privateIpAddress": address,
        "firstIpAddress": address,
        "publicIpAddress": "",
        "ipAddresses": [{"ipAddress": address, "type": "PRIVATE", "timeToRetire": ""}],
        "serverCaCerts": [{"cert": AUTHORITY.format(name=name), "commonName": name}],
        "instanceType": "CLOUD_SQL_INSTANCE",
        "serviceAccountEmailAddress": "p1@gcp-sa-cloud-sql.iam.gserviceaccount.com",
    }


def _refuse_instance(call: Call) -> None:
    settings = call.inputs["settings"]
    network = settings["ipConfiguration"].get("privateNetwork")
    peered = {each.inputs["network"] for each in call.cloud.of(PEERING).values()}
    if network is not None and network not in peered:
        raise CloudError("googleapi: Error 400: NETWORK_NOT_PEERED")
    if settings.get("edition", "ENTERPRISE_PLUS") == "ENTERPRISE_PLUS" and not settings[
        "tier"
    ].startswith("db-perf-optimized-"):
        raise CloudError(
            f"Error 400: Invalid Tier ({settings['tier']}) for ENTERPRISE_PLUS Edition"
        )
    days = settings["backupConfiguration"].get("transactionLogRetentionDays", 7)
    if settings.get("edition") == "ENTERPRISE" and days > ENTERPRISE_LOG_DAYS:
        raise CloudError(f"Error 400: transactionLogRetentionDays must be 1 to 7, not {days}")


def _refuse_protected(call: Call) -> None:
    settings = call.old["settings"]
    if call.old.get("deletionProtection", True) or settings.get("deletionProtectionEnabled"):
        raise CloudError(
            f"Error, failed to delete instance because deletion_protection is set: {call.id}"
        )


def _leave_backup(call: Call) -> None:
    wanted = call.old["settings"].get("finalBackupConfig", {})
    if wanted.get("enabled"):
        name = f"projects/{project(call)}/backups/{secrets.token_hex(16)}"
        kept = {"instance": call.id, "retentionDays": wanted.get("retentionDays", 30)}
        call.cloud.put(FINAL_BACKUP, name, Resource(inputs=kept, outputs={}))
    for kind in (DATABASE, USER):
        for inner_id, each in call.cloud.of(kind).items():
            if each.inputs["instance"] == call.id:
                call.cloud.delete(kind, inner_id)


def _of_instance(call: Call) -> None:
    require(call, INSTANCE, call.inputs["instance"])


def _refuse_owner(call: Call) -> None:
    if call.inputs.get("deletionPolicy") != "ABANDON":
        raise CloudError(
            f"Error 400: '{call.id}' cannot be dropped because some objects depend on it"
        )


def _make_bucket(call: Call) -> None:
    host = os.environ.get("STORAGE_EMULATOR_HOST")
    if host:
        wanted = {"name": call.inputs["name"], "location": call.inputs["location"]}
        query = {"project": project(call)}
        httpx.post(f"{host}/storage/v1/b", params=query, json=wanted).raise_for_status()


def _drop_bucket(call: Call) -> None:
    host = os.environ.get("STORAGE_EMULATOR_HOST")
    if host:
        bucket = f"{host}/storage/v1/b/{call.inputs['name']}"
        if httpx.get(f"{bucket}/o").raise_for_status().json().get("items"):
            raise CloudError(f"Error trying to delete bucket {call.id} containing objects")
        httpx.delete(bucket).raise_for_status()


def _refuse_bucket_grant(call: Call) -> None:
    require(call, BUCKET, call.inputs["bucket"])
    refuse_member(call)


def _drop_bucket_grants(call: Call) -> None:
    for grant_id in call.cloud.of(BUCKET_GRANT):
        if grant_id.startswith(f"b/{call.id}/"):
            call.cloud.delete(BUCKET_GRANT, grant_id)


def _grant_id(call: Call) -> str:
    inputs = call.inputs
    parts = ["b", inputs["bucket"], inputs["role"], inputs["member"]]
    return "/".join([*parts, *filter(None, [inputs.get("condition", {}).get("title")])])


TYPES = (
    resource(
        gcp.sql.DatabaseInstance,
        "{name}",
        replace_on=frozenset({"encryptionKeyName", "settings.diskType", "restoreBackupContext"}),
        replace_on_less=frozenset({"settings.diskSize"}),
        enums={
            "settings.availabilityType": frozenset({"REGIONAL", "ZONAL"}),
            "settings.edition": frozenset({"ENTERPRISE", "ENTERPRISE_PLUS"}),
            "settings.ipConfiguration.sslMode": frozenset(
                {
                    "ALLOW_UNENCRYPTED_AND_ENCRYPTED",
                    "ENCRYPTED_ONLY",
                    "TRUSTED_CLIENT_CERTIFICATE_REQUIRED",
                }
            ),
        },
        secret=frozenset({"serverCaCerts"}),
        computed=_instance,
        refuse=_refuse_instance,
        before_delete=_refuse_protected,
        after_delete=_leave_backup,
    ),
    resource(
        gcp.sql.Database,
        "projects/{project}/instances/{instance}/databases/{name}",
        computed=lambda _: {"charset": "UTF8", "collation": "en_US.UTF8"},
        refuse=_of_instance,
        before_delete=_refuse_owner,
    ),
    resource(
        gcp.sql.User,
        lambda call: f"{call.inputs['name']}//{call.inputs['instance']}",
        replace_on=frozenset({"instance", "host"}),
        computed=lambda _: {"host": ""},
        secret=frozenset({"password"}),
        refuse=_of_instance,
        before_delete=_refuse_owner,
        takes_over=True,
    ),
    resource(
        gcp.storage.Bucket,
        "{name}",
        enums={"publicAccessPrevention": frozenset({"enforced", "inherited"})},
        computed=lambda call: {"url": f"gs://{call.inputs['name']}"},
        after_create=_make_bucket,
        before_delete=_drop_bucket,
        after_delete=_drop_bucket_grants,
    ),
    resource(
        gcp.storage.BucketIAMMember,
        _grant_id,
        replace_on=frozenset({"bucket", "role", "member", "condition"}),
        computed=lambda _: {"etag": "CAE="},
        refuse=_refuse_bucket_grant,
        takes_over=True,
    ),
    resource(
        gcp.artifactregistry.Repository,
        "projects/{project}/locations/{location}/repositories/{repositoryId}",
        replace_on=frozenset({"format", "mode", "kmsKeyName"}),
        enums={"format": frozenset({"DOCKER"})},
        computed=lambda call: {
            "name": call.inputs["repositoryId"],
            "createTime": "2026-01-01T00:00:00Z",
        },
    ),
)
