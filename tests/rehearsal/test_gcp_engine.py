"""`mlops-infra --cloud gcp` with the shipped stack: the real command, Pulumi, an emulated cloud.

The cloud only records, so a deploy ends with the news that the server cannot be reached.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mlops_infra.rehearsal.gcp.data import BUCKET, FINAL_BACKUP
from mlops_infra.rehearsal.gcp.network import SERVICE
from mlops_infra.rehearsal.gcp.project import API
from mlops_infra.rehearsal.gcp.watch import LOG_BUCKET
from mlops_infra.rehearsal.pulumi import EmulatedClouds
from tests.conftest import Project
from tests.rehearsal.small.environment import Small

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

URI = "https://mlops-dev-123456789012.europe-west4.run.app"


@pytest.fixture
def shipped(tmp_path: Path) -> Iterator[Small]:
    """The shipped dev on the shipped stack, and a cloud of its own."""
    (tmp_path / "environments").mkdir()
    with EmulatedClouds(tmp_path / "cloud", "mlops_infra.rehearsal.gcp", runs=False) as clouds:
        found = Small(Project(tmp_path), clouds)
        found.write()
        yield found


def test_the_shipped_stack_lives_from_plan_to_teardown(shipped: Small) -> None:
    assert set(shipped.planned().values()) == {"create"}
    assert shipped.there == {}
    shipped.deploy()
    assert shipped.there[SERVICE] == 1
    assert shipped.run("plan").stdout.startswith("nothing to do")
    outputs = json.loads(shipped.run("outputs", "--json").stdout)
    assert outputs["tracking_uri"] == URI
    assert shipped.run("tracking-uri").stdout.strip() == URI
    password = json.loads(shipped.run("login", "--format", "json").stdout)[
        "MLFLOW_TRACKING_PASSWORD"
    ]
    assert len(password) == 40
    assert password not in json.dumps(shipped.state)
    shipped.write({"database": {"storage_gib": 64}})
    assert shipped.planned() == {"instance": "update"}
    shipped.deploy()

    kept = shipped.run("teardown", "--yes").stdout
    assert "mlops-dev-" in kept
    assert {key: count for key, count in shipped.there.items() if key.startswith("gcp:")} == {
        API: 10,
        BUCKET: 1,
        LOG_BUCKET: 1,
    }
    assert shipped.there[FINAL_BACKUP] == 1
    shipped.deploy()
    assert shipped.there[BUCKET] == 1
