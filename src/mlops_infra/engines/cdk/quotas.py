"""What an account lets a first deploy make: its limits, and what of them is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlops_infra.engines.cdk.account import explained
from mlops_infra.engines.cdk.failures import RAISE
from mlops_infra.engines.questions import unknown_if_denied
from mlops_infra.errors import PrerequisiteError

if TYPE_CHECKING:
    import boto3


@dataclass(frozen=True, kw_only=True)
class Quota:
    """A limit of Service Quotas, and how to count what it limits."""

    what: str
    service: str
    code: str
    client: str
    operation: str
    answer: str
    """The member of the answer that lists what there is."""
    needed: int = 1


ALWAYS = (
    Quota(
        what="VPCs",
        service="vpc",
        code="L-F678F1CE",
        client="ec2",
        operation="describe_vpcs",
        answer="Vpcs",
    ),
    Quota(
        what="internet gateways",
        service="vpc",
        code="L-A4707A72",
        client="ec2",
        operation="describe_internet_gateways",
        answer="InternetGateways",
    ),
    Quota(
        what="database instances",
        service="rds",
        code="L-7B6409FD",
        client="rds",
        operation="describe_db_instances",
        answer="DBInstances",
    ),
)
"""https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html and
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html"""

IF_PROTECTED = (
    Quota(
        what="elastic IP addresses",
        service="ec2",
        code="L-0263D0A3",
        client="ec2",
        operation="describe_addresses",
        answer="Addresses",
        needed=2,
    ),
)
"""One for the NAT gateway of each zone."""


def check_quotas(session: boto3.Session, *, protected: bool) -> str:
    """Compare each limit that a first deploy can run into with what is taken of it.

    Raises:
        PrerequisiteError: there is no room; the hints raise each limit.
    """
    told, full, raises = [], [], []
    for each in ALWAYS + (IF_PROTECTED if protected else ()):
        with unknown_if_denied(), explained():
            limit, taken = _limit(session, each), _taken(session, each)
        told.append(f"{taken} of {limit} {each.what}")
        if taken + each.needed > limit:
            full.append(f"{told[-1]} are taken, {each.needed} more needed")
            raises.append(
                RAISE.format(
                    region=session.region_name,
                    service=each.service,
                    code=each.code,
                    number=taken + each.needed,
                )
            )
    if full:
        raise PrerequisiteError("; ".join(full), hint="\n".join(raises))
    return ", ".join(told)


def _limit(session: boto3.Session, quota: Quota) -> int:
    """Return the account's own limit, or AWS's where it has none."""
    client: Any = session.client("service-quotas")
    words = {"ServiceCode": quota.service, "QuotaCode": quota.code}
    try:
        found = client.get_service_quota(**words)
    except client.exceptions.NoSuchResourceException:
        found = client.get_aws_default_service_quota(**words)
    return int(found["Quota"]["Value"])


def _taken(session: boto3.Session, quota: Quota) -> int:
    client: Any = session.client(quota.client)
    if not client.can_paginate(quota.operation):
        return len(getattr(client, quota.operation)()[quota.answer])
    pages = client.get_paginator(quota.operation).paginate()
    return sum(len(page[quota.answer]) for page in pages)
