"""The rules that one cloud makes: for its front door, its sizes and its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.config.conftest import GCP_ONLY, LOCAL_ONLY, NO_AZURE, NO_GCP

if TYPE_CHECKING:
    from collections.abc import Callable

BROKEN = {
    "a domain on aws has its zone": (
        [("aws: {hosted_zone: {id: Z0123456789, name: example.com},", "aws: {")],
        [
            (
                "27: aws.hosted_zone: is missing: mlflow.example.com needs the Route 53 zone that"
                " it is made in; allowed: id and name of the zone"
            )
        ],
    ),
    "a private door on aws needs a certificate, and so do networks of one's own": (
        [NO_GCP, ("exposure: public", "exposure: private"), ("  domain: mlflow.example.com\n", "")],
        [
            (
                "17: access.domain: is missing: on AWS a private front door needs one for its"
                " certificate; allowed: a host name in aws.hosted_zone"
            ),
            (
                "17: access.domain: is missing: on AWS allowed_cidrs are kept by a load balancer"
                " with a certificate; allowed: a host name in aws.hosted_zone"
            ),
        ],
    ),
    "a load balancer of aws has no ipv6 address": (
        [("    - 203.0.113.0/24\n", "    - 2001:db8::/32\n    - ::/0\n")],
        [
            (
                "19: access.allowed_cidrs: 2001:db8::/32, ::/0 lets nobody in: on AWS a domain is"
                " IPv4 only; allowed: IPv4 networks"
            )
        ],
    ),
    "a public door on gcp needs a domain to tell networks apart": (
        [*GCP_ONLY, ("  domain: mlflow.example.com\n", "")],
        [
            (
                "17: access.domain: is missing: on GCP allowed_cidrs are kept by a load balancer"
                " with a certificate; allowed: a host name of your own"
            )
        ],
    ),
    "a private door on gcp is open to its networks": (
        [
            *GCP_ONLY,
            ("exposure: public", "exposure: private"),
            ("  domain: mlflow.example.com\n", ""),
        ],
        [
            (
                "19: access.allowed_cidrs: on GCP a private front door without a domain is open to"
                " the project's networks; allowed: 0.0.0.0/0, or access.domain"
            )
        ],
    ),
    "fargate offers the memory": (
        [NO_AZURE, NO_GCP, ("memory_gib: 4", "memory_gib: 17")],
        ["8: server.memory_gib: with cpu: 2, 17 GiB is not on aws; allowed: 4 to 16"],
    ),
    "container apps offer the memory": (
        [NO_GCP, ("memory_gib: 4", "memory_gib: 5")],
        ["8: server.memory_gib: with cpu: 2, 5 GiB is not on azure; allowed: 4"],
    ),
    "cloud run offers the memory": (
        [NO_AZURE, ("memory_gib: 4", "memory_gib: 9")],
        ["8: server.memory_gib: with cpu: 2, 9 GiB is not on gcp; allowed: 4 to 8"],
    ),
    "memory is told for all clouds at once": (
        [("memory_gib: 4", "memory_gib: 20")],
        ["8: server.memory_gib: with cpu: 2, 20 GiB is not on aws, azure or gcp; allowed: 4"],
    ),
    "azure has powers of two": (
        [("storage_gib: 128", "storage_gib: 100")],
        [
            (
                "13: database.storage_gib: azure has no disk of 100 GiB;"
                " allowed: 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384"
            )
        ],
    ),
    "azure recovers for a year": (
        [("expire_noncurrent_days: 90", "expire_noncurrent_days: 366")],
        [
            (
                "16: artifacts.expire_noncurrent_days: azure cannot keep a deleted file for 366"
                " days; allowed: 1 to 365"
            )
        ],
    ),
    "azure keeps a week": (
        [("protected: true", "protected: false"), ("backup_days: 14", "backup_days: 6")],
        ["15: database.backup_days: azure cannot keep backups for only 6 days; allowed: 7 to 35"],
    ),
}

KEPT = {
    "ipv6 networks where no load balancer of aws is": [
        *LOCAL_ONLY,
        ("    - 203.0.113.0/24\n", "    - ::/0\n    - 2001:DB8::/32\n"),
    ],
    "ipv6 networks before cloudfront": [
        ("    - 203.0.113.0/24\n  domain: mlflow.example.com\n", "    - ::/0\n"),
    ],
    "networks and a domain behind a private door of gcp": [
        *GCP_ONLY,
        ("exposure: public", "exposure: private"),
    ],
    "much memory without a cloud": [*LOCAL_ONLY, ("memory_gib: 4", "memory_gib: 30")],
    "all that fargate offers": [NO_AZURE, NO_GCP, ("memory_gib: 4", "memory_gib: 16")],
    "all that cloud run offers": [NO_AZURE, ("memory_gib: 4", "memory_gib: 8")],
    "a deleted file for longer than azure can": [
        NO_AZURE,
        ("expire_noncurrent_days: 90", "expire_noncurrent_days: 366"),
    ],
    "a deleted file that nobody keeps": [
        ("versioning: true", "versioning: false"),
        ("expire_noncurrent_days: 90", "expire_noncurrent_days: 366"),
    ],
    "any disk without azure": [NO_AZURE, ("storage_gib: 128", "storage_gib: 100")],
    "a week on azure": [("backup_days: 14", "backup_days: 7")],
    "a local state on one's own machine": [("gs://state", "file://state")],
}


@pytest.mark.parametrize(("changes", "problems"), BROKEN.values(), ids=BROKEN)
def test_a_broken_rule_of_a_cloud_says_what_it_allows(
    check: Callable[..., list[str]], changes: list[tuple[str, str]], problems: list[str]
) -> None:
    assert check(*changes) == problems


@pytest.mark.parametrize("changes", KEPT.values(), ids=KEPT)
def test_a_rule_of_a_cloud_refuses_no_more_than_it_must(
    check: Callable[..., list[str]], changes: list[tuple[str, str]]
) -> None:
    assert check(*changes) == []


@pytest.mark.parametrize(
    ("url", "line", "cloud"), [("azblob://state", 33, "azure"), ("gs://state", 37, "gcp")]
)
def test_a_local_state_is_refused_in_ci(
    check: Callable[..., list[str]], url: str, line: int, cloud: str
) -> None:
    assert check(in_ci=True) == []
    assert check((url, "file://state"), in_ci=True) == [
        (
            f"{line}: {cloud}.state.url: 'file://state' is lost when the CI job ends;"
            " allowed: gs://, azblob:// or s3://"
        )
    ]
