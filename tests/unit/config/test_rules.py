"""The rules of every cloud: what breaks one, what it says, and the nearest file that keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_infra.config.rules import findings
from tests.unit.config.conftest import LOCAL_ONLY, NO_AWS, NO_AZURE

if TYPE_CHECKING:
    from collections.abc import Callable

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
    "min replicas are no more than max": (
        [("min: 2", "min: 5")],
        ["9: server.replicas.min: 5 is more than server.replicas.max, 4; allowed: at most 4"],
    ),
    "every worker has its memory": (
        [*LOCAL_ONLY, ("memory_gib: 4", "memory_gib: 1")],
        ["8: server.memory_gib: 1 GiB is too little for 2 workers; allowed: 2 or more"],
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
    "no replica while idle": [("min: 2", "min: 0")],
    "a GiB a worker": [*LOCAL_ONLY, ("memory_gib: 4", "memory_gib: 2")],
    "all that a large database accepts": [("max: 4", "max: 8"), ("size: medium", "size: large")],
    "less safe without protection": [
        UNPROTECTED,
        NO_STANDBY,
        NO_AZURE,
        ("backup_days: 14", "backup_days: 1"),
    ],
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
