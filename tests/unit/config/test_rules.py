"""Every rule: what breaks it, what it says, and the nearest file that keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_infra.config.rules import findings
from tests.unit.config.conftest import TEXT

if TYPE_CHECKING:
    from collections.abc import Callable

NO_AWS = (TEXT[TEXT.index("aws: {") : TEXT.index("azure:")], "")
NO_AZURE_STATE = (
    '  state: {url: "azblob://state", secrets_provider: "azurekeyvault://vault/keys/pulumi"}\n'
)
NO_AZURE = (
    "azure:\n  subscription_id: 00000000-0000-0000-0000-000000000000\n  location: westeurope\n"
    + NO_AZURE_STATE,
    "",
)
NO_GCP = (
    (
        "gcp:\n  project: ml-prod\n  region: europe-west4\n"
        '  state: {url: "gs://state", secrets_provider: "gcpkms://projects/ml-prod"}\n'
    ),
    "",
)
GCP_ONLY = (NO_AWS, NO_AZURE, ("cloud: aws", "cloud: gcp"))
LOCAL_ONLY = (NO_AWS, NO_AZURE, NO_GCP, ("cloud: aws", "cloud: local"))
UNPROTECTED = ("protected: true", "protected: false")
NO_STANDBY = ("high_availability: true", "high_availability: false")

BROKEN = {
    "the name is the file's": (
        [("name: prod", "name: production")],
        ["1: name: 'production' is not the name of the file; allowed: prod"],
    ),
    "the cloud has a section": (
        [NO_AWS],
        [
            (
                "3: cloud: 'aws' has no section of that name in this file;"
                " allowed: a cloud with a section: local, azure, gcp"
            )
        ],
    ),
    "our tags are ours": (
        [("cost-center: ml", "Owner: me")],
        [
            (
                "25: tags.Owner: 'Owner' is a tag that every resource gets anyway;"
                " allowed: any but project, environment, owner"
            )
        ],
    ),
    "public means auth": (
        [("auth: basic", "auth: none")],
        [
            (
                "10: server.auth: 'none' would let the whole internet in:"
                " access.exposure is 'public'; allowed: basic, or access.exposure: private"
            )
        ],
    ),
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
                "19: access.allowed_cidrs: on GCP a private front door is open to all of the"
                " project's networks; allowed: 0.0.0.0/0"
            )
        ],
    ),
    "min replicas are no more than max": (
        [("min: 2", "min: 5")],
        ["9: server.replicas.min: 5 is more than server.replicas.max, 4; allowed: at most 4"],
    ),
    "every worker has its memory": (
        [*LOCAL_ONLY, ("memory_gib: 4", "memory_gib: 1")],
        ["8: server.memory_gib: 1 GiB is too little for 2 workers; allowed: 2 or more"],
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
    "connections fit, with more than one way out": (
        [("max: 4", "max: 5")],
        [
            (
                "9: server.replicas.max: 5 (replicas) x 2 (workers) x 45 + 35 = 485 connections,"
                " and a medium database accepts 400; allowed: up to 4, or database.size: large"
            )
        ],
    ),
    "connections fit, with a larger database only": (
        [
            *LOCAL_ONLY,
            UNPROTECTED,
            NO_STANDBY,
            ("size: medium", "size: micro"),
            ("min: 2, max: 4", "min: 1, max: 1"),
        ],
        [
            (
                "9: server.replicas.max: 1 (replicas) x 2 (workers) x 45 + 35 = 125 connections,"
                " and a micro database accepts 100; allowed: database.size: small"
            )
        ],
    ),
    "connections fit, with fewer replicas only": (
        [("max: 4", "max: 9"), ("size: medium", "size: large")],
        [
            (
                "9: server.replicas.max: 9 (replicas) x 2 (workers) x 45 + 35 = 845 connections,"
                " and a large database accepts 800; allowed: up to 8"
            )
        ],
    ),
    "protected data has a standby": (
        [NO_STANDBY],
        ["14: database.high_availability: false in a protected environment; allowed: true"],
    ),
    "protected data is backed up for a week": (
        [NO_AZURE, ("backup_days: 14", "backup_days: 6")],
        ["15: database.backup_days: 6 is too few in a protected environment; allowed: 7 to 35"],
    ),
    "a standby needs a medium database": (
        [("size: medium", "size: small"), ("min: 2, max: 4", "min: 1, max: 1")],
        ["12: database.size: 'small' cannot be highly available; allowed: medium or large"],
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
        [UNPROTECTED, ("backup_days: 14", "backup_days: 6")],
        ["15: database.backup_days: azure cannot keep backups for only 6 days; allowed: 7 to 35"],
    ),
}

KEPT = {
    "as it is": [],
    "any cloud with a section": [("cloud: aws", "cloud: local")],
    "tags like ours": [("cost-center: ml", "owner-team: me")],
    "no auth behind a private door": [
        ("auth: basic", "auth: none"),
        ("exposure: public", "exposure: private"),
    ],
    "as many replicas at least as at most": [("min: 2", "min: 4")],
    "ipv6 networks where no load balancer of aws is": [
        *LOCAL_ONLY,
        ("    - 203.0.113.0/24\n", "    - ::/0\n    - 2001:DB8::/32\n"),
    ],
    "ipv6 networks before cloudfront": [
        ("    - 203.0.113.0/24\n  domain: mlflow.example.com\n", "    - ::/0\n"),
    ],
    "no replica while idle": [("min: 2", "min: 0")],
    "a GiB a worker": [*LOCAL_ONLY, ("memory_gib: 4", "memory_gib: 2")],
    "much memory without a cloud": [*LOCAL_ONLY, ("memory_gib: 4", "memory_gib: 30")],
    "all that fargate offers": [NO_AZURE, NO_GCP, ("memory_gib: 4", "memory_gib: 16")],
    "all that cloud run offers": [NO_AZURE, ("memory_gib: 4", "memory_gib: 8")],
    "all that a large database accepts": [("max: 4", "max: 8"), ("size: medium", "size: large")],
    "a deleted file for longer than azure can": [
        NO_AZURE,
        ("expire_noncurrent_days: 90", "expire_noncurrent_days: 366"),
    ],
    "a deleted file that nobody keeps": [
        ("versioning: true", "versioning: false"),
        ("expire_noncurrent_days: 90", "expire_noncurrent_days: 366"),
    ],
    "less safe without protection": [
        UNPROTECTED,
        NO_STANDBY,
        NO_AZURE,
        ("backup_days: 14", "backup_days: 1"),
    ],
    "any disk without azure": [NO_AZURE, ("storage_gib: 128", "storage_gib: 100")],
    "a week on azure": [("backup_days: 14", "backup_days: 7")],
    "a local state on one's own machine": [("gs://state", "file://state")],
}


@pytest.mark.parametrize(("changes", "problems"), BROKEN.values(), ids=BROKEN)
def test_a_broken_rule_says_what_is_allowed(
    check: Callable[..., list[str]], changes: list[tuple[str, str]], problems: list[str]
) -> None:
    assert check(*changes) == problems


@pytest.mark.parametrize("changes", KEPT.values(), ids=KEPT)
def test_a_rule_refuses_no_more_than_it_must(
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


def test_a_rule_runs_when_only_its_sections_are_valid(check: Callable[..., list[str]]) -> None:
    problems = check(
        ("project: mlops", "project: MLOPS"),
        ("auth: basic", "auth: none"),
        ("size: medium", "size: huge"),
        ("location: westeurope", "location: West Europe"),
        ("memory_gib: 4", "memory_gib: 6"),
    )
    assert [problem.split(": ")[1] for problem in problems] == [
        "project",
        "server.memory_gib",
        "server.auth",
        "database.size",
        "azure.location",
    ]


def test_a_rule_does_not_run_on_what_is_invalid_or_absent() -> None:
    assert list(findings({})) == []
