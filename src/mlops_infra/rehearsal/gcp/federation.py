"""Identities of other clouds that may act as a service account, and what such an account may do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pulumi_gcp as gcp

from mlops_infra.rehearsal.gcp.identity import ACCOUNT, KEY, refuse_member
from mlops_infra.rehearsal.gcp.project import NUMBER, require, resource
from mlops_infra.rehearsal.pulumi.description import CloudError

if TYPE_CHECKING:
    from mlops_infra.rehearsal.pulumi.description import Call, Properties

POOL = "gcp:iam/workloadIdentityPool:WorkloadIdentityPool"
POOL_PATH = "projects/{project}/locations/global/workloadIdentityPools/{workloadIdentityPoolId}"
PRINCIPALS = re.compile(
    r"principalSet://iam\.googleapis\.com/projects/(?P<number>\d+)/locations/global"
    r"/workloadIdentityPools/(?P<pool>[a-z0-9-]+)/attribute\.\w+/\S+"
)


def _named(call: Call) -> Properties:
    """Return the name, which has the project's number."""
    rest = call.id.split("/", 2)[2]
    return {"name": f"projects/{NUMBER}/{rest}", "state": "ACTIVE"}


def _refuse_pool(call: Call) -> None:
    name = call.inputs["workloadIdentityPoolId"]
    if not re.fullmatch(r"(?!gcp-)[a-z0-9-]{4,32}", name):
        raise CloudError(f'"workload_identity_pool_id" ("{name}") is not allowed')


def _refuse_provider(call: Call) -> None:
    """Refuse what would let in the tokens of all of a public issuer's users."""
    require(call, POOL, call.id.rpartition("/providers/")[0])
    if "assertion." not in call.inputs.get("attributeCondition", ""):
        raise CloudError(
            "googleapi: Error 400: The attribute condition must reference one of the provider's"
            " claims."
        )


def _refuse_principal(call: Call) -> None:
    require(call, ACCOUNT, call.inputs["serviceAccountId"])
    found = PRINCIPALS.fullmatch(call.inputs["member"])
    if found is None or found["number"] != NUMBER:
        raise CloudError(f"googleapi: Error 400: {call.inputs['member']} is not valid")


def _refuse_key_grant(call: Call) -> None:
    require(call, KEY, call.inputs["cryptoKeyId"])
    refuse_member(call)


TYPES = (
    resource(
        gcp.iam.WorkloadIdentityPool,
        POOL_PATH,
        computed=_named,
        refuse=_refuse_pool,
    ),
    resource(
        gcp.iam.WorkloadIdentityPoolProvider,
        f"{POOL_PATH}/providers/{{workloadIdentityPoolProviderId}}",
        computed=_named,
        refuse=_refuse_provider,
    ),
    resource(
        gcp.serviceaccount.IAMMember,
        "{serviceAccountId}/{role}/{member}",
        computed=lambda _: {"etag": "BwX"},
        refuse=_refuse_principal,
        takes_over=True,
    ),
    resource(
        gcp.projects.IAMMember,
        "{project}/{role}/{member}",
        computed=lambda _: {"etag": "BwX"},
        refuse=refuse_member,
        takes_over=True,
    ),
    resource(
        gcp.kms.CryptoKeyIAMMember,
        "{cryptoKeyId}/{role}/{member}",
        computed=lambda _: {"etag": "BwX"},
        refuse=_refuse_key_grant,
        takes_over=True,
    ),
)
