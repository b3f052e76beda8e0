"""The stack of `azure` by the real command and the real Pulumi engine, on an emulated Azure.

The cloud only records, so a deploy ends with the news that the server cannot be reached.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from mlops_infra.rehearsal.pulumi import EmulatedClouds
from tests.conftest import ENVIRONMENTS, Project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

VAULT, SECRET = "azure-native:keyvault:Vault", "azure-native:keyvault:Secret"
SERVER = "azure-native:dbforpostgresql:Server"
DELETED_VAULT, DELETED_SECRET = "deleted vault", "deleted secret"
STATE = {"url": "file://state", "secrets_provider": "passphrase"}
KEPT = {
    "dbforpostgresql:Configuration",
    "dbforpostgresql:Database",
    "dbforpostgresql:Server",
    "keyvault:Secret",
    "keyvault:Vault",
    "resources:ResourceGroup",
    "storage:BlobContainer",
    "storage:BlobServiceProperties",
    "storage:StorageAccount",
}


@pytest.fixture
def clouds(tmp_path: Path) -> Iterator[EmulatedClouds]:
    with EmulatedClouds(tmp_path / "cloud", "mlops_infra.rehearsal.azure", runs=False) as running:
        yield running


@pytest.fixture
def dev(clouds: EmulatedClouds, tmp_path: Path) -> Callable[..., str]:
    """Run a command on the shipped dev environment, with a prebuilt image and a local state."""
    document: dict[str, Any] = yaml.safe_load((ENVIRONMENTS / "dev.yaml").read_text())
    document |= {"cloud": "azure", "image": "ghcr.io/example/mlflow:1"}
    document["azure"]["state"] = STATE
    file = tmp_path / "environments" / "dev.yaml"
    file.parent.mkdir()
    file.write_text(yaml.safe_dump(document))
    environ = {
        **clouds.environ,
        "MLOPS_INFRA_CLOUD": "azure",
        "PULUMI_CONFIG_PASSPHRASE": "correct",
        "PULUMI_HOME": str(tmp_path / "pulumi-home"),
    }

    def run(*words: str, code: int = 0) -> str:
        done = Project(tmp_path).run(words[0], "-e", "dev", *words[1:], code=code, **environ)
        return done.stdout + done.stderr

    return run


def test_the_azure_stack_lives_and_its_data_outlives_it(
    dev: Callable[..., str], clouds: EmulatedClouds
) -> None:
    planned = dev("plan", code=2)
    assert "dbforpostgresql:Server" in planned
    assert clouds.cloud.kinds() == {}
    assert "the server cannot be reached" in dev("deploy", "--yes", code=1)
    made = clouds.cloud.kinds()
    assert made["azure-native:app:ContainerApp"] == 1
    assert dev("plan").startswith("nothing to do")
    assert dev("drift").startswith("no drift")
    outputs = json.loads(dev("outputs", "--json"))
    assert outputs["tracking_uri"].startswith("https://mlflow.calmsea-")
    _ask(dev, clouds)
    secrets = clouds.cloud.of("azure-native:keyvault:Secret")

    dev("teardown", "--yes")
    left = clouds.cloud.kinds()
    assert {kind.removeprefix("azure-native:") for kind in left} == KEPT
    groups = clouds.cloud.of("azure-native:resources:ResourceGroup")
    assert [each.rsplit("/", 1)[1] for each in groups] == ["mlops-dev-data"]

    assert "the server cannot be reached" in dev("deploy", "--yes", code=1)
    assert clouds.cloud.kinds() == made
    assert clouds.cloud.of("azure-native:keyvault:Secret") == secrets, "the passwords are the same"
    assert dev("plan").startswith("nothing to do")


def test_a_deleted_vault_is_taken_back_with_its_secrets(
    dev: Callable[..., str], clouds: EmulatedClouds
) -> None:
    dev("deploy", "--yes", code=1)
    (vault_id,) = clouds.cloud.of(VAULT)
    made = clouds.cloud.kinds()
    dev("teardown", "--yes", "--delete-data")
    assert clouds.cloud.kinds() == {DELETED_VAULT: 1, DELETED_SECRET: 4}

    said = dev("deploy", "--yes", code=1)
    assert "a deleted vault has its name: take it back" in said
    assert "the server cannot be reached" in said
    assert clouds.cloud.kinds() == made
    assert list(clouds.cloud.of(VAULT)) == [vault_id]
    password = json.loads(dev("login", "--format", "json"))["MLFLOW_TRACKING_PASSWORD"]
    secrets = {key.rpartition("/")[2]: each for key, each in clouds.cloud.of(SECRET).items()}
    assert secrets["admin-password"].inputs["properties"]["value"] == password
    assert dev("plan").startswith("nothing to do")
    dev("teardown", "--yes", "--delete-data")


def test_a_restore_that_the_file_asks_for_makes_a_server_beside_the_first(
    dev: Callable[..., str], clouds: EmulatedClouds, tmp_path: Path
) -> None:
    dev("deploy", "--yes", code=1)
    (first,) = clouds.cloud.of(SERVER)
    file = tmp_path / "environments" / "dev.yaml"
    before = yaml.safe_load(file.read_text())
    moment = f"{first.rpartition('/')[2]}@2026-11-20T10:00:00Z"
    restored = {**before, "database": {**before["database"], "restore_from": moment}}
    file.write_text(yaml.safe_dump(restored))
    assert "replace" in dev("plan", code=2)
    said = dev("deploy", "--yes", code=1)
    assert "the server cannot be reached" in said
    servers = clouds.cloud.of(SERVER)
    assert first in servers
    (second,) = servers.keys() - {first}
    assert servers[second].inputs["sourceServerResourceId"] == first
    assert dev("plan").startswith("nothing to do")
    file.write_text(yaml.safe_dump(before))
    assert "holds data" in dev("deploy", "--yes", code=3)
    assert clouds.cloud.of(SERVER) == servers


def _ask(dev: Callable[..., str], clouds: EmulatedClouds) -> None:
    """Ask for the state of each part, and for what the server prints."""
    states = _states(dev)
    assert states["stack"][0] == "running"
    assert states["server"] == ("running", "0 replicas, of 0 to 1")
    assert states["database"] == ("running", "PostgreSQL 18, ready")
    (server,) = clouds.cloud.of(SERVER)
    clouds.cloud.change(SERVER, server, {"state": "Stopped"})
    assert _states(dev)["database"] == ("stopped", "PostgreSQL 18, stopped")
    clouds.cloud.change(SERVER, server, {"state": "Ready"})
    logs = clouds.folder / "logs"
    logs.mkdir()
    (logs / "mlflow-1.log").write_text("migrating\nlistening\n")
    assert dev("logs").splitlines() == ["migrating", "listening"]


def _states(dev: Callable[..., str]) -> dict[str, tuple[str, str]]:
    found = json.loads(dev("status", "--json", code=1))["components"]
    return {each["name"]: (each["state"], each["detail"]) for each in found}
