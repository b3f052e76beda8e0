"""What the commands put on the page that GitHub shows of a job, for a reader who opens no log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_infra.errors import PrerequisiteError
from mlops_infra.model import Difference

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.conftest import CommandLine

DEV = ("-e", "dev", "--cloud", "local")
CREATE = "~~~~\ndeploy of dev on local:\n  +   server  create: there is none\n~~~~\n"


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page, with what the step has written on it before."""
    found = tmp_path / "summary.md"
    found.write_text("### dev\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(found))
    return found


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_plan_is_there_whatever_goes_to_stdout(
    cli: CommandLine, page: Path, form: list[str]
) -> None:
    cli("plan", *DEV, *form)
    assert page.read_text() == f"### dev\n{CREATE}"


def test_a_deploy_is_there_with_its_plan_and_how_it_failed(cli: CommandLine, page: Path) -> None:
    assert cli("deploy", *DEV, "--yes").code == 1  # nothing answers at the fake's address
    before, after = page.read_text().split(CREATE)
    assert before == "### dev\n"
    assert after.startswith("~~~~\nerror: http://127.0.0.1:9: the server cannot be reached")
    assert after.endswith("try:   mlops-infra logs -e dev --cloud local\n~~~~\n")


def test_a_teardown_is_there_with_what_it_keeps(cli: CommandLine, page: Path) -> None:
    cli.engine.deployed.add("dev on local")
    cli("teardown", *DEV, "--yes")
    assert "  -   server  delete: is there\n  =   data    keep: in memory" in page.read_text()


def test_a_teardown_of_nothing_is_there(cli: CommandLine, page: Path) -> None:
    cli("teardown", *DEV, "--yes")
    assert page.read_text() == "### dev\n~~~~\nnothing to do: there is no dev on local\n~~~~\n"


def test_drift_is_there(cli: CommandLine, page: Path) -> None:
    cli.engine.deployed.add("dev on local")
    cli.engine.drifted = (Difference(resource="db", what="size", expected="1", actual="2"),)
    cli("drift", *DEV)
    assert page.read_text().endswith("~~~~\ndrift of dev on local:\n  db  size: 1 → 2\n~~~~\n")


def test_what_is_missing_is_there_with_its_cure(cli: CommandLine, page: Path) -> None:
    cli.engine.failing["check"] = PrerequisiteError("no node", hint="apt install nodejs")
    cli("plan", *DEV)
    assert page.read_text().endswith("~~~~\nerror: no node\ntry:   apt install nodejs\n~~~~\n")


def test_no_password_is_there(cli: CommandLine, page: Path) -> None:
    cli.engine.deployed.add("dev on local")
    for command in "login outputs status drift".split():
        cli(command, *DEV)
    assert "recorded-password" not in page.read_text()
