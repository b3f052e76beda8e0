"""Service accounts, secrets, and who may read them."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

import pulumi_gcp as gcp

from mlops_infra.rehearsal.gcp.project import NUMBER, project, require, resource
from mlops_infra.rehearsal.pulumi.cloud import Resource
from mlops_infra.rehearsal.pulumi.description import CloudError

if TYPE_CHECKING:
    from mlops_infra.rehearsal.pulumi.description import Call, Properties

ACCOUNT = "gcp:serviceaccount/account:Account"
SECRET = "gcp:secretmanager/secret:Secret"  # noqa: S105 - a type
VERSION = "gcp:secretmanager/secretVersion:SecretVersion"
GRANT = "gcp:secretmanager/secretIamMember:SecretIamMember"
RING, KEY = "gcp:kms/keyRing:KeyRing", "gcp:kms/cryptoKey:CryptoKey"
COUNTER = "versions that a secret has had"


def refuse_member(call: Call) -> None:
    """Refuse a policy that names a service account that is not there."""
    kind, _, email = call.inputs["member"].partition(":")
    known = {each.outputs["email"] for each in call.cloud.of(ACCOUNT).values()}
    if kind != "serviceAccount" or email not in known:
        raise CloudError(f"googleapi: Error 400: Service account {email} does not exist")


def _email(call: Call) -> str:
    return f"{call.inputs['accountId']}@{project(call)}.iam.gserviceaccount.com"


def _account(call: Call) -> Properties:
    found = call.old.get("uniqueId") or "1" + "".join(
        secrets.choice("0123456789") for _ in range(20)
    )
    email = _email(call)
    return {
        "email": email,
        "member": f"serviceAccount:{email}",
        "name": f"projects/{project(call)}/serviceAccounts/{email}",
        "uniqueId": found,
    }


def _refuse_account(call: Call) -> None:
    name = call.inputs["accountId"]
    if not re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", name):
        raise CloudError(f'"account_id" ("{name}") doesn\'t match regexp "^[a-z](...){{4,28}}"')


def _version_id(call: Call) -> str:
    secret = call.inputs["secret"]
    counted = call.cloud.get(COUNTER, secret)
    number = 1 + (counted.inputs["count"] if counted else 0)
    return f"projects/{NUMBER}/secrets/{secret.rsplit('/', 1)[-1]}/versions/{number}"


def _count(call: Call) -> None:
    count = int(call.id.rsplit("/", 1)[-1])
    call.cloud.put(COUNTER, call.inputs["secret"], Resource(inputs={"count": count}, outputs={}))


def _drop_versions(call: Call) -> None:
    call.cloud.delete_within(f"projects/{NUMBER}/secrets/{call.inputs['secretId']}")
    call.cloud.delete(COUNTER, call.id)
    for grant_id in call.cloud.of(GRANT):
        if grant_id.startswith(f"{call.id}/"):
            call.cloud.delete(GRANT, grant_id)


def _refuse_grant(call: Call) -> None:
    require(call, SECRET, call.inputs["secretId"])
    refuse_member(call)


def _of_ring(call: Call) -> None:
    require(call, RING, call.inputs["keyRing"])


def _stays(call: Call) -> None:
    """Google deletes neither: https://cloud.google.com/kms/docs/destroy-restore."""
    raise CloudError(f"{call.id} cannot be deleted")


TYPES = (
    resource(
        gcp.serviceaccount.Account,
        lambda call: f"projects/{project(call)}/serviceAccounts/{_email(call)}",
        replace_on=frozenset({"accountId"}),
        computed=_account,
        refuse=_refuse_account,
    ),
    resource(
        gcp.secretmanager.Secret,
        "projects/{project}/secrets/{secretId}",
        replace_on=frozenset({"replication"}),
        computed=lambda call: {
            "name": f"projects/{NUMBER}/secrets/{call.inputs['secretId']}",
            "createTime": "2026-01-01T00:00:00Z",
            "effectiveAnnotations": {},
        },
        after_delete=_drop_versions,
    ),
    resource(
        gcp.secretmanager.SecretVersion,
        _version_id,
        replace_on=frozenset({"secret", "secretData"}),
        computed=lambda call: {
            "name": call.id,
            "version": call.id.rsplit("/", 1)[-1],
            "createTime": "2026-01-01T00:00:00Z",
            "destroyTime": "",
        },
        secret=frozenset({"secretData"}),
        refuse=lambda call: (require(call, SECRET, call.inputs["secret"]), None)[1],
        after_create=_count,
    ),
    resource(
        gcp.secretmanager.SecretIamMember,
        "{secretId}/{role}/{member}",
        computed=lambda _: {"etag": "BwX"},
        refuse=_refuse_grant,
        takes_over=True,
    ),
    resource(
        gcp.kms.KeyRing,
        "projects/{project}/locations/{location}/keyRings/{name}",
        before_delete=_stays,
    ),
    resource(
        gcp.kms.CryptoKey,
        "{keyRing}/cryptoKeys/{name}",
        replace_on=frozenset({"purpose"}),
        enums={"purpose": frozenset({"ENCRYPT_DECRYPT"})},
        refuse=_of_ring,
        before_delete=_stays,
    ),
)
