"""Deploy and teardown as use cases, over the engine that records."""

from __future__ import annotations

import socketserver
from dataclasses import replace
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from mlops_infra import operations
from mlops_infra.config.models import Cloud
from mlops_infra.engines.recording import OUTPUTS, RecordingEngine
from mlops_infra.errors import (
    InfraError,
    LockedError,
    PrerequisiteError,
    UnhealthyError,
    UsageError,
)
from mlops_infra.model import Component, Finding, State, Status, Target, Verdict
from mlops_infra.probe import Probe, probe
from tests.unit.test_server import environment

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_infra.model import Event, Plan


def target(tmp_path: Path, name: str = "dev") -> Target:
    return Target(environment=environment(name), cloud=Cloud.LOCAL, project_dir=tmp_path)


def silent(event: Event) -> None:
    del event


def yes(plan: Plan) -> None:
    del plan


def no(plan: Plan) -> None:
    del plan
    raise operations.declined()


def verbs(engine: RecordingEngine) -> list[str]:
    return [verb for verb, _ in engine.calls]


def test_deploy_checks_plans_and_applies_in_this_order(tmp_path: Path) -> None:
    engine = RecordingEngine()
    with pytest.raises(UnhealthyError):  # nothing answers at the recording engine's address
        operations.deploy(engine, target(tmp_path), approve=yes, on_event=silent)
    assert verbs(engine)[:3] == ["check", "plan", "apply"]


def test_deploy_does_not_call_an_environment_up_that_does_not_answer(tmp_path: Path) -> None:
    with pytest.raises(UnhealthyError, match="cannot be reached") as caught:
        operations.deploy(RecordingEngine(), target(tmp_path), approve=yes, on_event=silent)
    assert caught.value.hint == "mlops-infra logs -e dev --cloud local"


def private(tmp_path: Path, cloud: Cloud) -> Target:
    hidden = environment("dev", access={"exposure": "private"})
    return Target(environment=hidden, cloud=cloud, project_dir=tmp_path)


@pytest.mark.parametrize("cloud", [Cloud.AWS, Cloud.AZURE, Cloud.GCP])
def test_a_private_one_that_cannot_be_reached_from_here_is_deployed_all_the_same(
    tmp_path: Path, cloud: Cloud
) -> None:
    engine, hidden = RecordingEngine(), private(tmp_path, cloud)
    outputs, answer = operations.deploy(engine, hidden, approve=yes, on_event=silent)
    assert (outputs, answer.is_reached) == (OUTPUTS, False)
    assert operations.report(engine, hidden).word == "private"


def test_on_this_machine_nothing_is_out_of_reach(tmp_path: Path) -> None:
    engine, hidden = RecordingEngine(), private(tmp_path, Cloud.LOCAL)
    with pytest.raises(UnhealthyError, match="cannot be reached"):
        operations.deploy(engine, hidden, approve=yes, on_event=silent)
    assert operations.report(engine, hidden).word == "unhealthy"


def test_a_private_one_that_answers_wrongly_is_unhealthy(tmp_path: Path) -> None:
    hidden = private(tmp_path, Cloud.AWS)
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.StreamRequestHandler) as server:
        Thread(target=server.handle_request).start()  # takes a connection, and ends it
        uri = f"https://127.0.0.1:{server.server_address[1]}"
        answer = probe(replace(OUTPUTS, tracking_uri=uri), None)
    assert answer.is_reached
    status = Status(components=(), outputs=OUTPUTS)
    assert operations.Report(target=hidden, status=status, probe=answer).word == "unhealthy"


def found(verdict: Verdict, name: str) -> Finding:
    remedy = "" if verdict is Verdict.OK else f"mend {name}"
    return Finding(name=name, verdict=verdict, detail=f"{name} is {verdict}", remedy=remedy)


def test_deploy_changes_nothing_where_something_is_missing_and_tells_all_of_it(
    tmp_path: Path,
) -> None:
    engine = RecordingEngine()
    engine.findings = (
        found(Verdict.OK, "login"),
        found(Verdict.MISSING, "node"),
        found(Verdict.MISSING, "bucket"),
        found(Verdict.UNKNOWN, "quota"),
    )
    with pytest.raises(PrerequisiteError) as caught:
        operations.deploy(engine, target(tmp_path), approve=yes, on_event=silent)
    assert verbs(engine) == ["check"]
    assert caught.value.message.splitlines() == [
        "dev on local cannot be deployed yet",
        "  node: node is missing",
        "  bucket: bucket is missing",
    ]
    assert caught.value.hint.split() == "mend node mend bucket".split()


def test_what_is_the_only_thing_missing_is_told_alone(tmp_path: Path) -> None:
    engine = RecordingEngine()
    engine.findings = (found(Verdict.MISSING, "node"), found(Verdict.OK, "login"))
    with pytest.raises(PrerequisiteError) as caught:
        operations.plan(engine, target(tmp_path))
    assert (caught.value.message, caught.value.hint) == ("node is missing", "mend node")


@pytest.mark.parametrize("verdict", [Verdict.BUSY, Verdict.UNKNOWN])
def test_what_is_busy_or_unknown_is_the_engine_s_to_meet(tmp_path: Path, verdict: Verdict) -> None:
    engine = RecordingEngine()
    engine.findings = (found(verdict, "lock"),)
    with pytest.raises(UnhealthyError):  # nothing answers at the recording engine's address
        operations.deploy(engine, target(tmp_path), approve=yes, on_event=silent)
    assert "apply" in verbs(engine)


def test_a_declined_plan_is_not_applied(tmp_path: Path) -> None:
    engine = RecordingEngine()
    with pytest.raises(InfraError, match="cancelled"):
        operations.deploy(engine, target(tmp_path), approve=no, on_event=silent)
    assert "apply" not in verbs(engine)


def test_a_plan_without_changes_is_neither_asked_about_nor_applied(tmp_path: Path) -> None:
    engine, dev = RecordingEngine(), target(tmp_path)
    engine.deployed.add(str(dev))
    with pytest.raises(UnhealthyError):
        operations.deploy(engine, dev, approve=no, on_event=silent)
    assert "apply" not in verbs(engine)


def test_a_lock_reaches_the_caller(tmp_path: Path) -> None:
    engine = RecordingEngine(failing={"apply": LockedError("held")})
    with pytest.raises(LockedError):
        operations.deploy(engine, target(tmp_path), approve=yes, on_event=silent)


def test_teardown_refuses_a_protected_environment(tmp_path: Path) -> None:
    engine, prod = RecordingEngine(), target(tmp_path, "prod")
    engine.deployed.add(str(prod))
    with pytest.raises(UsageError, match="protected"):
        operations.teardown(engine, prod, delete_data=False, approve=yes, on_event=silent)
    assert verbs(engine) == []


def test_teardown_of_nothing_asks_nothing(tmp_path: Path) -> None:
    engine = RecordingEngine()
    done = operations.teardown(
        engine, target(tmp_path), delete_data=True, approve=no, on_event=silent
    )
    assert done.is_empty


def test_login_gives_a_client_all_it_needs(tmp_path: Path) -> None:
    engine, dev = RecordingEngine(), target(tmp_path)
    engine.deployed.add(str(dev))
    assert operations.login(engine, dev) == {
        "MLFLOW_TRACKING_URI": "http://127.0.0.1:9",
        "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "false",
        "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "false",
        "MLFLOW_TRACKING_USERNAME": "admin",
        "MLFLOW_TRACKING_PASSWORD": "recorded-password",
    }


def test_reports_come_in_the_order_of_their_targets(tmp_path: Path) -> None:
    engine = RecordingEngine()
    dev, staging = target(tmp_path), target(tmp_path, "staging")
    engine.deployed.add(str(staging))
    reports = operations.report_all(lambda _: engine, [dev, staging])
    assert [each.word for each in reports] == ["not deployed", "unhealthy"]


def test_a_platform_whose_database_is_gone_is_unhealthy_whatever_its_server_answers(
    tmp_path: Path,
) -> None:
    parts = (
        Component(name="server", state=State.RUNNING),
        Component(name="database", state=State.ABSENT),
    )
    status = Status(components=parts, outputs=OUTPUTS)
    found = operations.Report(target=target(tmp_path), status=status, probe=Probe())
    assert (found.word, found.problem) == ("unhealthy", "database: absent")
