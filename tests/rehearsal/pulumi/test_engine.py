"""`mlops-infra --cloud gcp`: the real command, the real Pulumi engine, an emulated cloud.

The stack is a small one of the test project's own. No server answers at its address, so a deploy
ends with the news that it cannot be reached: all before that is real.
"""

from __future__ import annotations

import json
import shutil
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil
import pytest

from mlops_infra.engines.pulumi import cli
from mlops_infra.rehearsal.pulumi.cloud import Resource
from tests.rehearsal.pulumi.small import CONTENTS
from tests.rehearsal.pulumi.small.environment import BUCKET, DATABASE, EVERYTHING, GCP, SERVICE

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.rehearsal.pulumi.small.environment import Small

pytestmark = pytest.mark.slow

SLOW_SECONDS = 10
"""How long a create takes that is not to end before its deploy is killed."""


def test_an_environment_lives_from_the_first_plan_to_its_deletion(small: Small) -> None:
    planned = small.run("plan", code=2).stdout
    assert f"create: {DATABASE}" in planned
    assert small.there == {}
    assert not list((small.project.folder / "state").rglob("dev*.json"))  # not even a stack

    said = small.deploy()
    assert f"create {DATABASE}" in said  # live progress, from the engine's events
    assert small.there == EVERYTHING
    assert small.run("plan").stdout.startswith("nothing to do")

    uri = small.run("tracking-uri").stdout.strip()
    assert uri == "https://mlops-dev-1.eu.run.app"
    outputs = json.loads(small.run("outputs", "--json").stdout)
    assert outputs["artifact_uri"] == "gs://mlops-dev-artifacts"
    variables = json.loads(small.run("login", "--format", "json").stdout)
    password = variables["MLFLOW_TRACKING_PASSWORD"]
    assert len(password) == 24
    assert password not in json.dumps(small.state)
    status = json.loads(small.run("status", "--json", code=1).stdout)
    assert status["components"][0]["state"] == "running"

    small.write({"database": {"storage_gib": 64}})
    assert small.planned() == {"database": "update"}
    small.deploy()
    assert small.run("plan").stdout.startswith("nothing to do")


def test_a_teardown_keeps_data_and_the_next_deploy_takes_it_back(deployed: Small) -> None:
    bucket = "mlops-dev-artifacts"
    deployed.clouds.cloud.put(CONTENTS, bucket, Resource(inputs={}, outputs={}))
    login = deployed.run("login").stdout
    kept = deployed.run("teardown", "--yes").stdout
    assert f"{DATABASE} mlops-dev" in kept
    assert f"{BUCKET} {bucket}" in kept
    assert SERVICE not in deployed.there
    assert deployed.there[DATABASE] == 1
    assert deployed.run("tracking-uri", code=1).stdout == ""
    assert deployed.run("teardown", "--yes").stdout == kept  # nothing more to do

    assert deployed.planned() == {"server": "create"}
    deployed.deploy()
    assert deployed.run("login").stdout == login

    deployed.run("teardown", "--yes", "--delete-data")
    assert deployed.there == {}
    assert deployed.run("status", "--json", code=1).stdout.count("absent") == 1
    deployed.deploy()
    assert deployed.there == EVERYTHING


def test_protected_data_is_deleted_only_after_a_deploy_has_lifted_its_protection(
    small: Small,
) -> None:
    prod = {"protected": True, "database": {"backup_days": 7, "high_availability": True}}
    prod["server"] = {"replicas": {"min": 2, "max": 2}}
    small.write({**prod, "database": {**prod["database"], "size": "medium"}})
    small.deploy()
    assert "is protected" in small.run("teardown", "--yes", code=3).stderr
    small.write()
    said = small.run("teardown", "--delete-data", "--yes", code=3).stderr
    assert "deployed as a protected environment" in said
    assert small.there == EVERYTHING
    small.deploy()
    small.run("teardown", "--delete-data", "--yes")
    assert small.there == {}


def test_a_failed_create_is_told_in_the_cloud_s_words_and_the_next_deploy_goes_on(
    small: Small,
) -> None:
    reason = "Quota exceeded for quota metric 'Instances' of service 'sqladmin.googleapis.com'"
    small.clouds.faults.fail_next(DATABASE, reason)
    said = small.run("deploy", "--yes", code=1).stderr
    assert reason in said
    assert "goes on from here" in said
    assert "none were seen" not in said
    assert "not deployed" in small.run("tracking-uri", code=1).stderr
    small.deploy()
    assert small.there == EVERYTHING
    assert small.run("plan").stdout.startswith("nothing to do")


def test_a_create_that_ends_half_way_is_finished_by_the_next_deploy(small: Small) -> None:
    small.clouds.faults.fail_next(SERVICE, "the revision is not ready", operation="partial create")
    assert "the revision is not ready" in small.run("deploy", "--yes", code=1).stderr
    small.deploy()
    assert small.there == EVERYTHING


def _kill(running: subprocess.Popen[str], until: Callable[[Callable[[], bool]], None]) -> None:
    """Kill a command and all that it started; returns once none of them is left."""
    command = psutil.Process(running.pid)
    command.suspend()  # it would see its Pulumi end, and start another
    killed = [*command.children(recursive=True), command]
    assert any("pulumi" in each.name() for each in killed)
    for each in killed:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    until(lambda: all(map(_is_gone, killed)))
    running.communicate()


def _is_gone(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_killed_deploy_leaves_neither_a_lock_nor_an_orphan(
    small: Small, until: Callable[[Callable[[], bool]], None]
) -> None:
    small.clouds.faults.delay(3)
    running = small.start("deploy", "--yes")
    until(lambda: small.there.get(BUCKET) == 1)
    small.clouds.faults.delay(SLOW_SECONDS)
    until(lambda: any("creating" in text for text in _pending(small)))
    _kill(running, until)
    small.clouds.faults.delay(0)
    assert _locks(small)
    time.sleep(1)  # what the cloud was asked for it makes, though nobody listens

    said = small.deploy()
    assert "release the lock of a dead process" in said
    assert "ask the cloud" in said
    assert small.there == EVERYTHING
    assert small.run("plan").stdout.startswith("nothing to do")
    assert not small.state.get("pending_operations")


def _locks(small: Small) -> list[Path]:
    return list((small.project.folder / "state" / ".pulumi" / "locks").rglob("*.json"))


def _pending(small: Small) -> Iterator[str]:
    for file in (small.project.folder / "state").rglob("stacks/mlops/dev.json"):
        yield file.read_text()


def test_a_stack_that_somebody_else_holds_exits_5_and_says_who(deployed: Small) -> None:
    deployed.write({"database": {"storage_gib": 64}})
    _hold(deployed)
    said = deployed.run("deploy", "--yes", code=5).stderr
    assert "ci@elsewhere" in said
    assert "pulumi cancel" in said
    _hold(deployed, hostname=socket.gethostname(), username="somebody")
    assert "somebody@" in deployed.run("deploy", "--yes", code=5).stderr
    deployed.pulumi("cancel", "--stack", "dev", "--yes")
    deployed.deploy()


def test_nothing_is_settled_of_a_deploy_that_lives_though_it_ends_before_it_would_be(
    deployed: Small, tmp_path: Path
) -> None:
    file = deployed.state_folder / "stacks" / "mlops" / "dev.json"
    document = json.loads(file.read_text())
    latest = document["checkpoint"]["latest"]
    (bucket,) = [each for each in latest["resources"] if each["type"] == BUCKET]
    latest["resources"].remove(bucket)
    latest["pending_operations"] = [{"type": "creating", "resource": {**bucket, "id": ""}}]
    file.write_text(json.dumps(document))
    before = file.read_text()
    lock = _hold(deployed)
    program = tmp_path / "mlops-infra" / "pulumi" / cli.VERSION / "bin" / "pulumi"
    program.parent.mkdir(parents=True)
    ends = f'case "$*" in *"stack import"*) rm {lock};; esac'
    program.write_text(f'#!/bin/sh\n{ends}\nexec {cli.find_or_install()} "$@"\n')
    program.chmod(0o755)
    said = deployed.run("teardown", "--yes", code=5, XDG_CACHE_HOME=str(tmp_path)).stderr
    assert "ci@elsewhere" in said
    assert "ask the cloud" not in said
    assert file.read_text() == before
    assert lock.exists()


def _hold(small: Small, **whose: str) -> Path:
    """Write the lock of a deploy on another machine, or of somebody else; return where it is."""
    folder = small.state_folder / "locks" / "organization" / "mlops" / "dev"
    folder.mkdir(parents=True, exist_ok=True)
    since = "2026-01-01T00:00:00Z"
    lock = {"pid": 1, "username": "ci", "hostname": "elsewhere", "timestamp": since, **whose}
    file = folder / "0a.json"
    file.write_text(json.dumps(lock))
    return file


def test_drift_is_shown_and_the_next_deploy_brings_it_back(deployed: Small) -> None:
    assert json.loads(deployed.run("drift", "--json").stdout)["differences"] == []
    cloud = deployed.clouds.cloud
    instance = next(iter(cloud.of(DATABASE)))
    settings = cloud.of(DATABASE)[instance].inputs["settings"]
    cloud.change(DATABASE, instance, {"settings": {**settings, "diskSize": 20}})
    cloud.delete(SERVICE, next(iter(cloud.of(SERVICE))))
    found = json.loads(deployed.run("drift", "--json", code=2).stdout)["differences"]
    by_name = {each.pop("resource"): each for each in found}
    assert by_name["server"]["what"] == "deleted"
    expected = {"what": "settings.diskSize", "expected": "32", "actual": "20"}
    assert by_name["database"] == expected
    assert deployed.planned() == {"server": "create", "database": "update"}
    deployed.deploy()
    assert cloud.of(DATABASE)[instance].inputs["settings"]["diskSize"] == 32
    assert deployed.there == EVERYTHING
    deployed.run("drift")


def test_data_that_would_have_to_be_made_anew_is_refused_before_anything_is_done(
    deployed: Small,
) -> None:
    deployed.write({"gcp": {**GCP, "region": "europe-west1"}})
    said = deployed.run("deploy", "--yes", code=3).stderr
    assert "holds data" in said
    assert deployed.there == EVERYTHING


def test_by_hand_pulumi_works_on_the_same_state(deployed: Small) -> None:
    assert "mlops-dev-artifacts" in deployed.pulumi("stack", "--stack", "dev", "--show-ids")
    deployed.clouds.cloud.delete(SERVICE, next(iter(deployed.clouds.cloud.of(SERVICE))))
    deployed.pulumi("refresh", "--stack", "dev", "--yes", "--skip-preview")
    assert deployed.planned() == {"server": "create"}
    deployed.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview")
    assert SERVICE not in deployed.there


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"PULUMI_CONFIG_PASSPHRASE": ""}, "there is none"),
        ({"PULUMI_CONFIG_PASSPHRASE": "wrong"}, "PULUMI_CONFIG_PASSPHRASE is not the one"),
    ],
)
def test_a_missing_or_wrong_passphrase_is_told(
    deployed: Small, more: dict[str, str], says: str
) -> None:
    deployed.write({"database": {"storage_gib": 64}})
    assert says in deployed.run("plan", code=4, **more).stderr
    assert deployed.run("tracking-uri", code=0, **more).stdout.startswith(
        "https://"
    )  # needs no secret


def test_the_tracking_uri_comes_from_the_state_within_seconds(deployed: Small) -> None:
    shutil.rmtree(deployed.project.folder / "stacks")  # the program is not run
    began = time.monotonic()
    deployed.run("tracking-uri")
    assert time.monotonic() - began < 10  # 0.6 s on an idle machine


def test_a_state_whose_attributes_a_killed_pulumi_left_empty_is_read(deployed: Small) -> None:
    attributes = deployed.state_folder / "stacks" / "mlops" / "dev.json.attrs"
    attributes.write_text("")
    assert deployed.run("plan").stdout.startswith("nothing to do")


def test_a_provider_or_component_that_a_killed_deploy_was_setting_up_is_set_up_again(
    deployed: Small,
) -> None:
    file = deployed.state_folder / "stacks" / "mlops" / "dev.json"
    document = json.loads(file.read_text())
    latest = document["checkpoint"]["latest"]
    (provider,) = [each for each in latest["resources"] if each["type"].endswith(":random")]
    component = {"urn": f"{provider['urn']}-2", "type": "mlops:gcp:Alarms", "custom": False}
    latest["pending_operations"] = [
        {"type": "creating", "resource": {**provider, "id": ""}},
        {"type": "creating", "resource": component},
    ]
    file.write_text(json.dumps(document))
    deployed.write({"database": {"storage_gib": 64}})
    deployed.deploy()
    assert not deployed.state.get("pending_operations")
