"""`mlops-infra --cloud gcp` with the shipped stack: the real command, Pulumi, an emulated cloud.

The cloud only records, so a deploy ends with the news that the server cannot be reached.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mlops_infra.rehearsal.gcp.data import BUCKET, FINAL_BACKUP, INSTANCE
from mlops_infra.rehearsal.gcp.network import SERVICE
from mlops_infra.rehearsal.gcp.project import API
from mlops_infra.rehearsal.gcp.running.routes import service_behind
from mlops_infra.rehearsal.gcp.watch import LOG_BUCKET
from mlops_infra.rehearsal.pulumi import EmulatedClouds
from tests.conftest import Project
from tests.rehearsal.small.environment import Small
from tests.rehearsal.small.images import copy_stacks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

URI = "https://mlops-dev-123456789012.europe-west4.run.app"


@pytest.fixture
def shipped(tmp_path: Path) -> Iterator[Small]:
    """The shipped dev on the shipped stack, and a cloud of its own."""
    copy_stacks(tmp_path)
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
    _ask(shipped)
    shipped.write({"database": {"storage_gib": 64}})
    assert shipped.planned() == {"instance": "update"}
    shipped.deploy()

    kept = shipped.run("teardown", "--yes").stdout
    assert "mlops-dev-" in kept
    assert f"as the final backup of {INSTANCE} mlops-dev, for 30 days" in kept
    assert {key: count for key, count in shipped.there.items() if key.startswith("gcp:")} == {
        API: 11,
        BUCKET: 1,
        LOG_BUCKET: 1,
    }
    assert shipped.there[FINAL_BACKUP] == 1
    shipped.deploy()
    assert shipped.there[BUCKET] == 1


def test_a_protected_environment_is_let_go_by_a_deploy_before_a_teardown_begins(
    shipped: Small,
) -> None:
    database = {"size": "medium", "high_availability": True, "backup_days": 7}
    prod = {"protected": True, "database": database, "server": {"replicas": {"min": 2, "max": 2}}}
    shipped.write(prod)
    shipped.deploy()
    made = shipped.there
    shipped.write({**prod, "protected": False})
    said = shipped.run("teardown", "--yes", code=3).stderr
    assert "deployed as a protected environment: " in said
    assert "mlops-infra deploy -e dev --cloud gcp" in said
    assert shipped.there == made
    shipped.deploy()
    shipped.run("teardown", "--yes")
    assert INSTANCE not in shipped.there


def test_a_private_domain_is_deployed_served_from_inside_and_taken_down(shipped: Small) -> None:
    zone = {"hosted_zone": {"id": "Z0123456789ABCDEFGHIJ", "name": "example.com"}}  # aws wants it
    shipped.write({"access": {"exposure": "private", "domain": "mlflow.example.com"}, "aws": zone})
    shipped.deploy()
    assert shipped.run("tracking-uri").stdout.strip() == "https://mlflow.example.com"
    assert shipped.run("plan").stdout.startswith("nothing to do")
    (service_id,) = shipped.clouds.cloud.of(SERVICE)
    assert service_behind(shipped.clouds.cloud, "mlflow.example.com") == service_id
    assert service_behind(shipped.clouds.cloud, URI.removeprefix("https://")) is None
    record = shipped.pulumi("stack", "output", "--stack", "dev", "certificate_record")
    assert record.startswith("_acme-challenge_")
    shipped.run("teardown", "--yes")
    assert {key: count for key, count in shipped.there.items() if key.startswith("gcp:")} == {
        API: 11,
        BUCKET: 1,
        LOG_BUCKET: 1,
    }


def test_a_restore_that_the_file_asks_for_makes_a_database_of_a_backup(shipped: Small) -> None:
    shipped.deploy()
    shipped.write({"database": {"restore_from": "mlops-dev/1700000000000"}})
    assert shipped.planned()["instance"] == "replace"
    shipped.deploy()
    (name,) = shipped.clouds.cloud.of(INSTANCE)
    assert name.startswith("mlops-dev-")
    assert shipped.run("plan").stdout.startswith("nothing to do")


def _ask(shipped: Small) -> None:
    """Ask for the state of each part, and for what the server prints."""
    assert _states(shipped)["server"] == ("running", "0 to 1 instances")
    assert _states(shipped)["database"] == ("running", "PostgreSQL 18, runnable")
    service = next(iter(shipped.clouds.cloud.of(SERVICE)))
    removed = shipped.clouds.cloud.get(SERVICE, service)
    assert removed is not None
    shipped.clouds.cloud.delete(SERVICE, service)
    assert _states(shipped)["server"] == ("absent", "")
    shipped.clouds.cloud.put(SERVICE, service, removed)
    denied = shipped.run("status", code=4, GOOGLE_OAUTH_ACCESS_TOKEN="expired").stderr
    assert "run.googleapis.com does not allow that to this login" in denied

    logs = shipped.clouds.folder / "logs"
    logs.mkdir()
    lines = [f"line {number}" for number in range(1001)]  # one more than a page
    (logs / "mlops-dev-1.log").write_text("\n".join(lines))
    assert shipped.run("logs").stdout.splitlines() == lines


def _states(shipped: Small) -> dict[str, tuple[str, str]]:
    found = json.loads(shipped.run("status", "--json", code=1).stdout)["components"]
    return {each["name"]: (each["state"], each["detail"]) for each in found}
