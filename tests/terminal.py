"""A terminal, for what asks a person."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import psutil
from tenacity import retry, stop_after_delay, wait_fixed

if TYPE_CHECKING:
    from pathlib import Path


class Terminal:
    """A command of `mlops-infra` with a person before it."""

    def __init__(self, folder: Path, *words: str, path: str = "") -> None:
        self._ours, theirs = pty.openpty()
        self.running = subprocess.Popen(
            [sys.executable, "-m", "mlops_infra", *words],
            cwd=folder,
            env={"PATH": path, "TERM": "dumb"},
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=theirs,
            text=True,
            # `pytest &` ignores it
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )
        os.close(theirs)
        self.said = ""

    def wait_for(self, question: str) -> None:
        seen = len(self.said)
        while question not in self.said[seen:]:
            ready, _, _ = select.select([self._ours], [], [], 30)
            assert ready, self.said
            self.said += os.read(self._ours, 4096).decode()

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def interrupt(self) -> None:
        """Press Ctrl-C once the command waits for an answer: nobody is quicker than that."""
        self._require_waiting()
        self.running.send_signal(signal.SIGINT)

    @retry(stop=stop_after_delay(30), wait=wait_fixed(0.01), reraise=True)
    def _require_waiting(self) -> None:
        assert psutil.Process(self.running.pid).status() == psutil.STATUS_SLEEPING

    def end(self) -> list[str]:
        """Wait for the end; return what is on standard output."""
        out, _ = self.running.communicate(timeout=30)
        with suppress(OSError):  # how a terminal ends
            while chunk := os.read(self._ours, 4096):
                self.said += chunk.decode()
        os.close(self._ours)
        return out.splitlines()
