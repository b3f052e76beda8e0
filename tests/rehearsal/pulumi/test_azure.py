"""What only Azure has, by the real command and the real Pulumi engine, on an emulated Azure.

The cloud only records, so a deploy ends with the news that the server cannot be reached.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rehearsal.pulumi.small.environment import Small

pytestmark = pytest.mark.slow

VAULT, SECRET = "azure-native:keyvault:Vault", "azure-native:keyvault:Secret"
SERVER = "azure-native:dbforpostgresql:Server"
DELETED_VAULT, DELETED_SECRET = "deleted vault", "deleted secret"


@pytest.fixture
def dev(shipped: Callable[[str], Small]) -> Small:
    return shipped("azure")


def test_the_state_of_each_part_is_told_and_what_the_server_prints(dev: Small) -> None:
    states = _states(dev)
    assert states["stack"][0] == "running"
    assert states["server"] == ("running", "0 replicas, of 0 to 1")
    assert states["database"] == ("running", "PostgreSQL 18, ready")
    cloud = dev.clouds.cloud
    (server,) = cloud.of(SERVER)
    cloud.change(SERVER, server, {"state": "Stopped"})
    assert _states(dev)["database"] == ("stopped", "PostgreSQL 18, stopped")
    logs = dev.clouds.folder / "logs"
    logs.mkdir()
    lines = [f"line {number}" for number in range(10_001)]  # one more than an answer has
    (logs / "mlflow-1.log").write_text("\n".join(lines))
    assert dev.run("logs").stdout.splitlines() == lines
    with dev.clouds.settings.having(partial_logs="the query took too long"):
        assert "the query took too long" in dev.run("logs", code=1).stderr


def test_a_deleted_vault_is_taken_back_with_its_secrets(dev: Small) -> None:
    cloud = dev.clouds.cloud
    (vault_id,) = cloud.of(VAULT)
    made = cloud.kinds()
    dev.run("teardown", "--yes", "--delete-data")
    assert cloud.kinds() == {DELETED_VAULT: 1, DELETED_SECRET: 4}

    assert "a deleted vault has its name: take it back" in dev.deploy()
    assert cloud.kinds() == made
    assert list(cloud.of(VAULT)) == [vault_id]
    said = dev.run("login", "--format", "json").stdout
    password = json.loads(said)["MLFLOW_TRACKING_PASSWORD"]
    secrets = {key.rpartition("/")[2]: each for key, each in cloud.of(SECRET).items()}
    assert secrets["admin-password"].inputs["properties"]["value"] == password
    assert dev.run("plan").stdout.startswith("nothing to do")


def test_a_database_gets_another_size_and_a_disk_that_has_grown_stays(dev: Small) -> None:
    cloud = dev.clouds.cloud
    ((server, made),) = cloud.of(SERVER).items()
    storage = {**made.inputs["storage"], "storageSizeGB": 64}
    cloud.change(SERVER, server, {"storage": storage})
    dev.write({"database": {"size": "small"}})
    assert dev.planned() == {"database": "update", "max-connections": "update"} | dict.fromkeys(
        ["database-connections"], "update"
    )
    dev.deploy()
    found = cloud.of(SERVER)[server].inputs
    assert found["sku"]["name"] == "Standard_B2s"
    assert found["storage"] == storage
    assert dev.run("plan").stdout.startswith("nothing to do")


def test_a_restore_that_the_file_asks_for_makes_a_server_beside_the_first(dev: Small) -> None:
    cloud = dev.clouds.cloud
    (first,) = cloud.of(SERVER)
    moment = f"{first.rpartition('/')[2]}@2026-11-20T10:00:00Z"
    dev.write({"database": {"restore_from": moment}})
    assert "replace" in dev.planned().values()
    dev.deploy()
    servers = cloud.of(SERVER)
    assert first in servers
    (second,) = servers.keys() - {first}
    assert servers[second].inputs["sourceServerResourceId"] == first
    assert dev.run("plan").stdout.startswith("nothing to do")
    dev.write()
    assert "holds data" in dev.run("deploy", "--yes", code=3).stderr
    assert cloud.of(SERVER) == servers


def _states(dev: Small) -> dict[str, tuple[str, str]]:
    found = json.loads(dev.run("status", "--json", code=1).stdout)["components"]
    return {each["name"]: (each["state"], each["detail"]) for each in found}
