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


@pytest.fixture(scope="module")
def clouds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedClouds]:
    folder = tmp_path_factory.mktemp("clouds")
    with EmulatedClouds(folder, "mlops_infra.rehearsal.azure", runs=False) as running:
        yield running


@pytest.fixture
def dev(clouds: EmulatedClouds, tmp_path: Path) -> Callable[..., str]:
    """Run a command on the shipped dev environment, with a prebuilt image and a local state."""
    document: dict[str, Any] = yaml.safe_load((ENVIRONMENTS / "dev.yaml").read_text())
    document |= {"cloud": "azure", "image": "ghcr.io/example/mlflow:1"}
    document["azure"]["state"] = STATE
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "dev.yaml").write_text(yaml.safe_dump(document))
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
