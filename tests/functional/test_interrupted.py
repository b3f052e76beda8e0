"""What Ctrl-C leaves, and what is said of it."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

import pytest

from tests.functional.test_commands import DEV, deployed

if TYPE_CHECKING:
    from tests.functional.conftest import CommandLine


class Interrupted(StringIO):
    """A terminal at which somebody presses Ctrl-C instead of answering."""

    def isatty(self) -> bool:
        return True

    def readline(self, size: int = -1, /) -> str:
        del size
        raise KeyboardInterrupt


@pytest.mark.parametrize("verb", ["deploy", "teardown"])
def test_ctrl_c_at_the_question_is_a_no(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    if verb == "teardown":
        deployed(cli)
    monkeypatch.setattr("sys.stdin", Interrupted())
    answer = cli(verb, *DEV)
    assert answer.code == 130
    assert answer.stderr.endswith("cancelled\n")
    assert "somewhere between" not in answer.stderr
    assert ("apply", "dev on local") not in cli.engine.calls


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
