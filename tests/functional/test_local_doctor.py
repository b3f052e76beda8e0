"""What `doctor` finds on this machine. Starts nothing."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from mlops_infra.config.models import Cloud
from mlops_infra.engines.local.engine import LocalEngine
from mlops_infra.engines.local.home import Home
from mlops_infra.model import Finding, Target, Verdict
from tests.unit.test_server import environment

if TYPE_CHECKING:
    from pathlib import Path


def target(folder: Path, port: int | None = None) -> Target:
    found = environment("dev", local={"port": port} if port else {})
    return Target(environment=found, cloud=Cloud.LOCAL, project_dir=folder)


def found(where: Target, *, to_apply: bool = True) -> dict[str, Finding]:
    return {each.name: each for each in LocalEngine().check(where, to_apply=to_apply)}


def test_a_machine_that_is_ready_is_told_so_and_left_as_it_is(tmp_path: Path) -> None:
    here = target(tmp_path)
    told = found(here)
    assert {each.verdict for each in told.values()} == {Verdict.OK}
    assert told["database"].detail.startswith("PostgreSQL ")
    assert told["packages"].detail.startswith("MLflow ")
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_another_program_has_is_told_with_whose_it_is(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        told = found(target(tmp_path, port), to_apply=False)
    assert told["port"].verdict is Verdict.MISSING
    assert f"port {port} is in use by process" in told["port"].detail
    assert "local.port" in told["port"].remedy


def test_who_holds_the_lock_is_told_and_keeps_nobody_from_a_plan(tmp_path: Path) -> None:
    here = target(tmp_path)
    with Home(here).lock():
        lock = found(here)["lock"]
        assert "lock" not in found(here, to_apply=False)
    assert lock.verdict is Verdict.BUSY
    assert "dev is being changed by process" in lock.detail
    assert found(here)["lock"].detail == "nobody has it"


def test_a_database_of_another_version_is_told_before_anything_is_done(tmp_path: Path) -> None:
    here = target(tmp_path)
    data = Home(here).path / "postgres"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    database = found(here)["database"]
    assert database.verdict is Verdict.MISSING
    assert "was made by PostgreSQL 9" in database.detail


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / ".mlops-infra").write_text("")
    disk = found(target(tmp_path))["disk"]
    assert disk.verdict is Verdict.MISSING
    assert "cannot " in disk.detail


@pytest.mark.parametrize("to_apply", [True, False])
def test_what_is_asked_comes_in_one_order(tmp_path: Path, *, to_apply: bool) -> None:
    names = list(found(target(tmp_path), to_apply=to_apply))
    assert names == ["packages", "disk", "database", "port", "lock"][: 5 if to_apply else 4]
