"""What a person sees while a plan runs."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from mlops_infra.cli.progress import progress
from mlops_infra.model import Event
from tests.conftest import REPOSITORY

if TYPE_CHECKING:
    import pytest

RUN = (
    Event(resource="Database", message="create"),
    Event(resource="Server", message="create"),
    Event(resource="Database", message="create", done=True),
    Event(resource="Server", message="create", failed=True),
    Event(resource="Stack", message="rollback"),
)


def run() -> None:
    with progress("deploy") as on_event:
        for event in RUN:
            on_event(event)


def test_a_log_has_a_line_for_what_begins_and_one_for_how_it_ended(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run()
    assert capsys.readouterr().err.splitlines() == [
        "  Database: create …",
        "  Server: create …",
        "  Database: create done",
        "  Server: create failed",
        "  Stack: rollback …",
    ]


def test_a_terminal_marks_what_failed_and_keeps_below_what_is_under_way() -> None:
    ours, theirs = pty.openpty()
    argv = [sys.executable, "-c", "from tests.functional.test_progress import run; run()"]
    environ = {"PATH": os.environ["PATH"], "TERM": "xterm", "COLUMNS": "80", "NO_COLOR": "1"}
    with subprocess.Popen(argv, cwd=REPOSITORY, env=environ, stderr=theirs):
        os.close(theirs)
        said = b""
        with suppress(OSError):  # how a terminal ends
            while chunk := os.read(ours, 4096):
                said += chunk
    os.close(ours)
    shown = said.decode()
    assert "✓ Database  create" in shown
    assert "✗ Server    create failed" in shown
    assert "Stack     rollback" in shown[shown.index("✗ Server") :]
