"""What Ctrl-C leaves, and what is said of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.functional.test_commands import DEV, deployed
from tests.terminal import Terminal

if TYPE_CHECKING:
    from tests.functional.conftest import CommandLine


def test_ctrl_c_at_the_question_is_a_no(cli: CommandLine) -> None:
    terminal = Terminal(cli.folder, "deploy", *DEV, path=os.environ["PATH"])
    terminal.wait_for("[y/N] ")
    terminal.interrupt()
    assert terminal.end() == []
    assert terminal.running.returncode == 130
    assert terminal.said.endswith("cancelled\r\n")
    assert "somewhere between" not in terminal.said
    assert cli("status", *DEV).code == 1
    assert not (cli.folder / ".mlops-infra" / "local" / "dev").exists()


def test_ctrl_c_before_anything_was_approved_leaves_nothing_to_go_on_from(cli: CommandLine) -> None:
    cli.engine.failing["plan"] = KeyboardInterrupt()  # ty: ignore[invalid-assignment] - no error of ours
    answer = cli("deploy", *DEV, "--yes")
    assert answer.code == 130
    assert answer.stderr == "cancelled\n"


def test_deploy_exits_130_on_ctrl_c_and_says_how_to_go_on(cli: CommandLine) -> None:
    cli.engine.failing["apply"] = KeyboardInterrupt()  # ty: ignore[invalid-assignment] - no error of ours
    answer = cli("deploy", *DEV, "--yes")
    assert answer.code == 130
    assert "mlops-infra deploy -e dev --cloud local" in answer.stderr


@pytest.mark.parametrize("words", [["--delete-data"], []])
def test_an_interrupted_teardown_names_the_command_as_it_was_given(
    cli: CommandLine, words: list[str]
) -> None:
    deployed(cli)
    cli.engine.failing["apply"] = KeyboardInterrupt()  # ty: ignore[invalid-assignment] - no error of ours
    answer = cli("teardown", *DEV, *words, "--yes")
    assert answer.code == 130
    command = " ".join(["mlops-infra teardown", *words, "-e dev --cloud local"])
    assert answer.stderr.endswith(f"to go on:  {command}\n")
