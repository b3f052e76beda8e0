"""The state in a bucket or container: the real Pulumi engine on emulated object stores."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from mlops_infra.rehearsal.pulumi import stores
from tests.conftest import REPOSITORY
from tests.rehearsal.pulumi.small.environment import DATABASE, EVERYTHING
from tools import fake_gcs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.rehearsal.pulumi.stores import Store
    from tests.rehearsal.pulumi.small.environment import Small

pytestmark = pytest.mark.slow

AZURITE = REPOSITORY / "node_modules" / ".bin" / "azurite-blob"


@pytest.fixture(params=["google", "azure"])
def remote(small: Small, request: pytest.FixtureRequest) -> Iterator[Small]:
    """The small environment with its state in a bucket or a container."""
    where = (
        stores.google(fake_gcs.program(), "pulumi")
        if request.param == "google"
        else stores.azure(AZURITE, "pulumi")
    )
    with where as store:
        found = _moved(small, store)
        found.write()
        yield found


def _moved(small: Small, store: Store) -> Small:
    return dataclasses.replace(small, state_url=store.url, more=store.environ)


def test_an_environment_lives_on_remote_state(remote: Small) -> None:
    remote.deploy()
    assert remote.there == EVERYTHING
    assert not (remote.project.folder / "state").exists()
    assert remote.run("tracking-uri").stdout.startswith("https://")
    assert remote.run("plan").stdout.startswith("nothing to do")
    remote.write({"database": {"storage_gib": 64}})
    assert remote.planned() == {"database": "update"}
    remote.deploy()
    assert "mlops-dev-artifacts" in remote.pulumi("stack", "--stack", "dev", "--show-ids")
    assert DATABASE in remote.run("teardown", "--yes").stdout
    remote.run("teardown", "--yes", "--delete-data")
    assert remote.there == {}


def test_a_state_that_is_not_there_is_told_before_anything_is_made(remote: Small) -> None:
    missing = remote.state_url.replace("//pulumi", "//nothing-here")
    elsewhere = dataclasses.replace(remote, state_url=missing)
    elsewhere.write()
    said = elsewhere.run("deploy", "--yes", code=4).stderr
    assert "the state of dev on gcp cannot be reached" in said
    assert remote.there == {}
