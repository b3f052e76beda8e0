"""A deploy to the emulated Azure or Google Cloud ends with a server that answers at its name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.rehearsal.clients import LARGE_MIB, asking, transfer, visitor
from tests.rehearsal.pulumi.platforms import IMAGE, Environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rehearsal.pulumi.platforms import Platform

pytestmark = pytest.mark.slow

DOMAINS = {"gcp": ".run.app", "azure": ".azurecontainerapps.io"}
SCHEMES = {"gcp": "gs://", "azure": "wasbs://"}


@pytest.fixture(scope="module", params=["gcp", "azure"])
def live(request: pytest.FixtureRequest, platform: Callable[..., Platform]) -> Environment:
    """An environment that is up."""
    found = Environment(platform=platform(request.param, runs=True), name="live")
    found.write()
    found.deploy()
    return found


def test_a_client_works_through_the_printed_uri(live: Environment) -> None:
    uri = live.run("tracking-uri").stdout.strip()
    assert uri.endswith(DOMAINS[live.platform.name])
    live.run("smoke")
    assert json.loads(live.run("status", "--json").stdout)["health"] == "healthy"


def test_a_large_artifact_goes_up_and_comes_back_and_is_in_the_cloud_s_store(
    live: Environment,
) -> None:
    transfer(live)
    outputs = json.loads(live.run("outputs", "--json").stdout)
    assert outputs["artifact_uri"].startswith(SCHEMES[live.platform.name])
    stored = live.platform.artifacts(outputs["artifact_uri"])
    (size,) = [size for name, size in stored.items() if name.endswith("/large.bin")]
    assert size == LARGE_MIB * 2**20


def test_only_names_that_a_stack_declares_lead_anywhere(live: Environment) -> None:
    with visitor(live) as client, pytest.raises(httpx.ProxyError, match="no such host"):
        client.get(f"https://another{DOMAINS[live.platform.name]}/health")


def test_a_new_version_replaces_the_old_without_a_gap(live: Environment) -> None:
    logs = live.platform.clouds.folder / "logs"
    before = set(logs.iterdir())
    with visitor(live) as client, asking(client) as answers:
        live.write({"image": f"{IMAGE}-next"})
        live.deploy()
    assert set(answers) == {200}
    assert len(answers) > 20
    assert set(logs.iterdir()) > before, "another server has started"
    assert live.run("plan").stdout.startswith("nothing to do")
