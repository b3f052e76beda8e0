"""The whole life of the shipped environments on Azure and Google Cloud, state in their stores."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from mlops_infra.rehearsal.azure.running.apps import app_behind
from mlops_infra.rehearsal.azure.server import ASSIGNMENT, DEPLOYER, SECRETS_USER, VAULT
from mlops_infra.rehearsal.azure.web import ROLES
from mlops_infra.rehearsal.gcp.running.routes import service_behind
from mlops_infra.rehearsal.pulumi.cloud import Resource
from tests.rehearsal.clients import visitor
from tests.rehearsal.pulumi.platforms import Environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlops_infra.rehearsal.pulumi.cloud import Cloud
    from tests.rehearsal.pulumi.platforms import Platform

pytestmark = pytest.mark.slow

ARTIFACT = "/api/2.0/mlflow-artifacts/artifacts/kept/model"
CHANGE = {"artifacts": {"versioning": True, "expire_noncurrent_days": 33}}
DOMAIN = "mlflow.example.com"
WITH_DOMAIN = {
    "access": {"domain": DOMAIN},
    "aws": {"hosted_zone": {"id": "Z0", "name": "example.com"}},
}


@dataclass(frozen=True, kw_only=True)
class Words:
    """What one cloud calls things."""

    changed: str
    """What `CHANGE` is a change of, by its name in the stack."""
    drifting: tuple[str, str, Any]
    """Something to change by hand: type, input, value."""
    drifted: str
    """Its name in the stack."""
    kept: frozenset[str]
    """The types of what a teardown keeps."""
    behind: Callable[[Cloud, str], str | None]
    """Who answers at a name."""


WORDS = {
    "gcp": Words(
        changed="bucket",
        drifting=("gcp:logging/projectSink:ProjectSink", "filter", "severity>=ERROR"),
        drifted="sink",
        kept=frozenset(
            {
                "gcp:secretmanager/secret:Secret",
                "gcp:secretmanager/secretVersion:SecretVersion",
                "gcp:storage/bucket:Bucket",
            }
        ),
        behind=service_behind,
    ),
    "azure": Words(
        changed="recovery",
        drifting=("azure-native:operationalinsights:Workspace", "retentionInDays", 300),
        drifted="logs",
        kept=frozenset(
            f"azure-native:{kind}"
            for kind in (
                "dbforpostgresql:Configuration",
                "dbforpostgresql:Database",
                "dbforpostgresql:Server",
                "keyvault:Secret",
                "keyvault:Vault",
                "resources:ResourceGroup",
                "storage:BlobContainer",
                "storage:BlobServiceProperties",
                "storage:StorageAccount",
            )
        ),
        behind=app_behind,
    ),
}


@pytest.mark.parametrize("like", ["dev", "staging", "prod"])
@pytest.mark.parametrize("cloud", ["gcp", "azure"])
def test_an_environment_lives_from_its_first_plan_to_the_return_of_its_data(
    platform: Callable[..., Platform], cloud: str, like: str, tmp_path: Path
) -> None:
    found = platform(cloud, runs=like == "dev")
    words, before = WORDS[cloud], found.everything
    env = Environment(platform=found, name=f"life{like}")
    shape: dict[str, Any] = WITH_DOMAIN if like == "staging" else {}
    env.write(shape, like=like)
    assert set(env.planned().values()) == {"create"}
    assert found.everything == before, "a plan makes nothing"
    env.deploy()
    assert env.run("plan").stdout.startswith("nothing to do")
    if shape:
        assert words.behind(found.clouds.cloud, DOMAIN)
    if found.clouds.runs:
        with visitor(env) as client:
            client.put(ARTIFACT, content=b"kept").raise_for_status()
        _reach_without_pulumi(env, tmp_path)

    kind, key, value = words.drifting
    (ours,) = [each for of, each in found.everything - before if of == kind]
    told = found.clouds.cloud.of(kind)[ours].inputs[key]
    found.clouds.cloud.change(kind, ours, {key: value})
    assert key in env.run("drift", code=2).stdout
    env.write({**shape, **CHANGE}, like=like)
    assert env.planned() == {words.changed: "update", words.drifted: "update"}
    env.deploy()
    assert found.clouds.cloud.of(kind)[ours].inputs[key] == told
    made = found.everything - before

    if like == "prod":
        assert "protected: false" in env.run("teardown", "--yes", code=3).stderr
        assert found.everything - before == made
        env.write({**CHANGE, "protected": False}, like=like)
        env.deploy()
        made = found.everything - before
    said = env.run("teardown", "--yes").stdout
    kept = {(of, each) for of, each in found.everything - before if of in words.kept}
    assert {of for of, _ in kept} == words.kept
    assert [each for _, each in kept if each not in said] == []

    env.deploy()
    assert kept <= found.everything
    assert {of for of, _ in found.everything - before} >= {of for of, _ in made}
    if found.clouds.runs:
        with visitor(env) as client:
            assert client.get(ARTIFACT).content == b"kept"


def _reach_without_pulumi(env: Environment, empty: Path) -> None:
    """Ask as somebody who has neither Pulumi nor the passphrase, and may read the one secret."""
    uri, login = env.run("tracking-uri").stdout, env.run("login").stdout
    cloud = env.platform.clouds.cloud
    for each in cloud.of(VAULT):
        role = {"principalId": DEPLOYER, "roleDefinitionId": f"/{SECRETS_USER}", "scope": each}
        cloud.put(ASSIGNMENT, f"{each}{ROLES}reader", Resource(inputs=role, outputs={}))
    run = partial(env.run, PATH="", XDG_CACHE_HOME=str(empty), PULUMI_CONFIG_PASSPHRASE="")
    assert run("tracking-uri").stdout == uri
    assert run("login").stdout == login
    run("status")
    for each in cloud.of(VAULT):
        cloud.delete(ASSIGNMENT, f"{each}{ROLES}reader")
