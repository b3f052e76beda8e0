"""What only Google Cloud has, by the real command and the real Pulumi engine, emulated.

The cloud only records, so a deploy ends with the news that the server cannot be reached.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mlops_infra.rehearsal.gcp.data import BUCKET, FINAL_BACKUP, INSTANCE
from mlops_infra.rehearsal.gcp.identity import SECRET, VERSION
from mlops_infra.rehearsal.gcp.network import SERVICE
from mlops_infra.rehearsal.gcp.private_front import CERTIFICATE
from mlops_infra.rehearsal.gcp.project import API
from mlops_infra.rehearsal.gcp.running.routes import service_behind
from mlops_infra.rehearsal.gcp.watch import LOG_BUCKET

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rehearsal.pulumi.small.environment import Small

pytestmark = pytest.mark.slow

KEPT = {API: 11, BUCKET: 1, LOG_BUCKET: 1, SECRET: 1, VERSION: 1}
URI = "https://mlops-dev-123456789012.europe-west4.run.app"


@pytest.fixture
def dev(shipped: Callable[[str], Small]) -> Small:
    return shipped("gcp")


def test_the_password_is_in_no_state_and_a_final_backup_outlives_the_database(dev: Small) -> None:
    assert dev.run("tracking-uri").stdout.strip() == URI
    said = dev.run("login", "--format", "json").stdout
    password = json.loads(said)["MLFLOW_TRACKING_PASSWORD"]
    assert len(password) == 40
    assert password not in json.dumps(dev.state)
    kept = dev.run("teardown", "--yes").stdout
    assert f"as the final backup of {INSTANCE} mlops-dev, for 30 days" in kept
    assert google_s(dev) == KEPT
    assert dev.there[FINAL_BACKUP] == 1
    (key,) = dev.clouds.cloud.of(VERSION)
    assert key in kept
    dev.deploy()
    assert key in dev.clouds.cloud.of(VERSION), "what the backup's keys are encrypted with"


def test_a_deploy_goes_on_after_a_teardown_that_deletes_the_data(dev: Small) -> None:
    (log,) = dev.clouds.cloud.of(LOG_BUCKET)
    said = dev.run("teardown", "--yes", "--delete-data").stdout
    assert f"kept bucket: {LOG_BUCKET} {log}" in said
    assert google_s(dev) == {API: 11, LOG_BUCKET: 1}
    dev.deploy()
    assert list(dev.clouds.cloud.of(LOG_BUCKET)) == [log]


def test_the_state_of_each_part_is_told_and_what_the_server_prints(dev: Small) -> None:
    assert _states(dev)["server"] == ("running", "0 to 1 instances")
    assert _states(dev)["database"] == ("running", "PostgreSQL 18, runnable")
    dev.clouds.cloud.delete(SERVICE, next(iter(dev.clouds.cloud.of(SERVICE))))
    assert _states(dev)["server"] == ("absent", "")
    denied = dev.run("status", code=4, GOOGLE_OAUTH_ACCESS_TOKEN="expired").stderr
    assert "run.googleapis.com does not allow that to this login" in denied

    logs = dev.clouds.folder / "logs"
    logs.mkdir()
    lines = [f"line {number}" for number in range(1001)]  # one more than a page
    (logs / "mlops-dev-1.log").write_text("\n".join(lines))
    assert dev.run("logs").stdout.splitlines() == lines


def test_a_protected_environment_is_let_go_by_a_deploy_before_a_teardown_begins(
    dev: Small,
) -> None:
    database = {"size": "medium", "high_availability": True, "backup_days": 7}
    prod = {"protected": True, "database": database, "server": {"replicas": {"min": 2, "max": 2}}}
    dev.write(prod)
    dev.deploy()
    made = dev.there
    dev.write({**prod, "protected": False})
    said = dev.run("teardown", "--yes", code=3).stderr
    assert "deployed as a protected environment: " in said
    assert "mlops-infra deploy -e dev --cloud gcp" in said
    assert dev.there == made
    dev.deploy()
    dev.run("teardown", "--yes")
    assert INSTANCE not in dev.there


def test_a_private_domain_is_deployed_served_from_inside_and_taken_down(dev: Small) -> None:
    zone = {"hosted_zone": {"id": "Z0123456789ABCDEFGHIJ", "name": "example.com"}}  # aws wants it
    dev.write({"access": {"exposure": "private", "domain": "mlflow.example.com"}, "aws": zone})
    done = dev.run("deploy", "--yes")  # no server answers, and nobody expects one to
    assert "private, and cannot be reached from here" in done.stderr
    assert done.stdout.strip() == "https://mlflow.example.com"
    assert dev.run("status").stdout.startswith("dev on gcp: private\n")
    assert dev.run("plan").stdout.startswith("nothing to do")
    (service_id,) = dev.clouds.cloud.of(SERVICE)
    assert service_behind(dev.clouds.cloud, "mlflow.example.com") == service_id
    assert service_behind(dev.clouds.cloud, URI.removeprefix("https://")) is None
    record = dev.pulumi("stack", "output", "--stack", "dev", "certificate_record")
    assert record.startswith("_acme-challenge_")
    dev.write({"access": {"exposure": "private", "domain": "models.example.com"}, "aws": zone})
    dev.run("deploy", "--yes")
    assert service_behind(dev.clouds.cloud, "models.example.com") == service_id
    assert service_behind(dev.clouds.cloud, "mlflow.example.com") is None
    assert len(dev.clouds.cloud.of(CERTIFICATE)) == 1
    dev.run("teardown", "--yes")
    assert google_s(dev) == KEPT


def test_a_restore_that_the_file_asks_for_makes_a_database_of_a_backup(dev: Small) -> None:
    dev.write({"database": {"restore_from": "mlops-dev/1700000000000"}})
    assert dev.planned()["instance"] == "replace"
    dev.deploy()
    (name,) = dev.clouds.cloud.of(INSTANCE)
    assert name.startswith("mlops-dev-")
    assert dev.run("plan").stdout.startswith("nothing to do")


def test_a_disk_that_has_grown_stays_and_nothing_else_makes_the_database_anew(dev: Small) -> None:
    cloud = dev.clouds.cloud
    ((name, made),) = cloud.of(INSTANCE).items()
    settings = {**made.inputs["settings"], "diskSize": 50}
    cloud.change(INSTANCE, name, {"settings": settings})
    assert dev.run("plan").stdout.startswith("nothing to do")
    dev.write({"database": {"storage_gib": 64}})  # how far it grows is twice that
    dev.deploy()
    found = cloud.of(INSTANCE)[name].inputs["settings"]
    assert (found["diskSize"], found["diskAutoresizeLimit"]) == (50, 128)

    cloud.change(INSTANCE, name, {"settings": {**found, "diskType": "PD_HDD"}})
    said = dev.run("deploy", "--yes", code=3).stderr
    assert "'instance' would be made anew or dropped for its settings" in said
    assert list(cloud.of(INSTANCE)) == [name]
    assert FINAL_BACKUP not in dev.there


def google_s(dev: Small) -> dict[str, int]:
    """Return what is there of Google's own types."""
    return {key: count for key, count in dev.there.items() if key.startswith("gcp:")}


def _states(dev: Small) -> dict[str, tuple[str, str]]:
    found = json.loads(dev.run("status", "--json", code=1).stdout)["components"]
    return {each["name"]: (each["state"], each["detail"]) for each in found}
