"""What an environment offers once it is read, and which texts each key takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from mlops_infra.config.loader import check_text
from mlops_infra.config.models import Cloud, Environment
from mlops_infra.config.sizing import (
    CONNECTIONS_PER_WORKER,
    DATABASE_CONNECTIONS,
    MAX_OVERFLOW,
    POOL_SIZE,
    connections_needed,
)

if TYPE_CHECKING:
    from collections.abc import Callable

TEXTS = {
    "name: prod": (
        [],
        ["p", "Prod", "prod-", "-prod", "1prod", "pro--d", "pr_od", "p" * 17, "'prod\n\n  '", "''"],
    ),
    "project: mlops": (
        ["ml", "m1", "ml-ops-2", "m" * 16],
        ["m", "MLops", "ml-", "ml--ops", "m" * 17, "ml.ops"],
    ),
    "owner: ml-platform": (
        ["a", "me@example.com", "Ann Other", "é" * 256],
        ["''", "' a'", "a" * 257],
    ),
    "203.0.113.0/24": (
        ["10.0.0.0/8", "203.0.113.7/32"],
        [
            "10.0.0.0",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "10.0.0.0/255.0.0.0",
            "::1/64",
            "fe80::%1/64",
            "/8",
        ],
    ),
    "mlflow.example.com": (
        ["a.io", "xn--bcher-kva.example", "a.b.c.example.museum"],
        ["https://a.io", "a.io:443", "a.io.", "A.io", "localhost", "a_b.io", "-a.io", "10.0.0.1"],
    ),
    "image: build": (
        [
            "mlflow:3.17.2",
            "ghcr.io/mlflow/mlflow:v3.17.2",
            "registry.example:5000/team/mlflow:1",
            f"mlflow@sha256:{'a' * 64}",
            f"mlflow:latest@sha256:{'a' * 64}",
            "mlflow:latest-2026",
        ],
        [
            "mlflow",
            "mlflow:latest",
            "ghcr.io/mlflow/mlflow",
            "registry.example:5000/mlflow",
            "Build",
            "mlflow@sha256:abc",
            "'mlflow:'",
            "https://ghcr.io/mlflow:1",
            f"mlflow:{'a' * 129}",
        ],
    ),
    '"012345678901"': (["'000000000000'"], ["'12345678901'", "'1234567890123'", "1234-5678-9012"]),
    "region: eu-west-1": (
        ["us-gov-east-1", "eusc-de-east-1"],
        ["eu-west-1a", "EU-WEST-1", "Ireland"],
    ),
    "00000000-0000-0000-0000-000000000000": (
        ["0f0F0f0f-0000-aaaa-AAAA-123456789abc"],
        ["my-subscription", "'00000000000000000000000000000000'"],
    ),
    "location: westeurope": (["eastus2"], ["West Europe", "west-europe"]),
    "project: ml-prod": (["abcdef", "a" * 30], ["ml", "'123456'", "ML-PROD", "ml-prod-", "a" * 31]),
    "region: europe-west4": (["us-central1"], ["europe-west4-a", "europe", "EU"]),
    '"gs://state"': (
        [
            "gs://a/b",
            "'azblob://c?storage_account=d'",
            "'s3://e?region=f'",
            "file:///tmp/g",
            "file://~",
        ],
        ["state", "https://a", "gs://", "'gs://a b'"],
    ),
    '"gcpkms://projects/ml-prod"': (
        ["passphrase", "'awskms://alias/a?region=b'", "azurekeyvault://a/keys/b"],
        ["password", "gcpkms://", "hashivault://a"],
    ),
}
GOOD = [(old, new) for old, (good, _) in TEXTS.items() for new in good]
BAD = [(old, new) for old, (_, bad) in TEXTS.items() for new in bad]


def _with(old: str, new: str) -> tuple[str, str]:
    key, colon, _ = old.partition(": ")
    return old, f"{key}{colon}{new}" if colon else new


@pytest.fixture
def environment(text: str) -> Environment:
    environment, problems = check_text(text, file=Path("prod.yaml"))
    assert environment, problems
    return environment


@pytest.mark.parametrize(("old", "new"), GOOD)
def test_a_text_of_the_right_form_is_taken(
    check: Callable[..., list[str]], old: str, new: str
) -> None:
    assert check(_with(old, new)) == []


@pytest.mark.parametrize(("old", "new"), BAD)
def test_a_text_of_another_form_is_refused(
    check: Callable[..., list[str]], old: str, new: str
) -> None:
    problems = check(_with(old, new))
    assert problems
    assert all("is not allowed; allowed: " in problem for problem in problems[:1])


def test_an_environment_knows_its_clouds(environment: Environment) -> None:
    assert environment.clouds == (Cloud.LOCAL, Cloud.AWS, Cloud.AZURE, Cloud.GCP)
    assert environment.model_copy(update={"azure": None, "local": None}).clouds == ("aws", "gcp")


def test_a_cloud_is_written_as_its_value() -> None:
    assert [str(cloud) for cloud in Cloud] == ["local", "aws", "azure", "gcp"]


def test_an_environment_cannot_be_changed(environment: Environment) -> None:
    with pytest.raises(ValidationError):
        environment.server.__setattr__("cpu", 4)


def test_optional_keys_have_defaults(text: str) -> None:
    sparse, problems = check_text(
        text.replace("tags:\n  cost-center: ml\n", "")
        .replace("{port: 5000}", "{}")
        .replace("    - 203.0.113.0/24\n  domain: mlflow.example.com\n", ""),
        file=Path("prod.yaml"),
    )
    assert sparse, problems
    assert (sparse.tags, sparse.access.domain) == ({}, None)
    assert sparse.local
    assert sparse.local.port is None


@pytest.mark.parametrize(
    ("github", "repository", "repository_id"),
    [
        ("octo-org/ml", "octo-org/ml", ""),
        ("octo_cat/a.b_c-d", "octo_cat/a.b_c-d", ""),
        ("octo-org@12/ml@345", "octo-org/ml", "345"),
    ],
)
def test_a_subject_is_of_one_repository_and_one_environment(
    text: str, github: str, repository: str, repository_id: str
) -> None:
    found, problems = check_text(f"{text}ci: {{github: {github}}}\n", file=Path("prod.yaml"))
    assert found, problems
    assert found.ci
    assert found.github_subject == f"repo:{github}:environment:prod"
    assert (found.ci.repository, found.ci.repository_id) == (repository, repository_id)


@pytest.mark.parametrize(
    "github",
    [
        "ml",
        "https://github.com/octo-org/ml",
        "octo-org/*",
        "'octo-org/ml:*'",
        "octo-org/ml/environments",
        "octo-org@12/ml",
        "octo-org/ml@345",
        "octo-org@x/ml@y",
    ],
)
def test_what_is_no_repository_or_more_than_one_is_refused(
    check: Callable[..., list[str]], github: str
) -> None:
    (problem,) = check(("image: build", f"image: build\nci: {{github: {github}}}"))
    assert "is not allowed; allowed: owner/name, or owner@ID/name@ID" in problem


def test_there_is_a_worker_per_vcpu(environment: Environment) -> None:
    assert environment.server.workers == environment.server.cpu == 2


def test_a_database_accepts_what_its_size_says(environment: Environment) -> None:
    assert environment.database.connections == DATABASE_CONNECTIONS["medium"] == 400


def test_a_worker_has_connections_for_every_thread_and_one_more() -> None:
    assert CONNECTIONS_PER_WORKER == POOL_SIZE + MAX_OVERFLOW >= 41
    assert connections_needed(replicas=4, workers=2) == 395
