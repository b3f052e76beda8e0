"""A program that stands for something in a cloud: started, asked whether it answers, stopped."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from mlops_infra.engines import process
from mlops_infra.errors import UnhealthyError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

TAIL_LINES = 8


class Program:
    """One running program of this machine; all that it starts ends with it."""

    def __init__(self, argv: Sequence[str], *, env: Mapping[str, str], log: Path) -> None:
        """Start it, and write what it prints to `log`."""
        self.log = log
        self._process: subprocess.Popen[bytes] = process.spawn(argv, env=env, log=log)

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def wait(self, answers: Callable[[], bool], *, seconds: float) -> None:
        """Wait until it answers.

        Raises:
            UnhealthyError: it stopped, or the time is over; the message ends with its log.
        """

        def is_ready() -> bool:
            if not self.is_running:
                raise self._unhealthy(f"it stopped ({self._process.returncode})")
            return answers()

        is_there = Retrying(
            retry=retry_if_result(lambda ready: not ready),
            stop=stop_after_delay(seconds),
            wait=wait_fixed(0.1),
            retry_error_callback=lambda _: False,
        )(is_ready)
        if not is_there:
            raise self._unhealthy(f"no answer after {seconds} s")

    def stop(self, *, grace_seconds: float) -> None:
        """Stop it as platforms do: asked first, then made to."""
        with suppress(ProcessLookupError):
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(grace_seconds)
        self.kill()

    def kill(self) -> None:
        """End it and all that it started, at once."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def wait_for_end(self, *, seconds: float) -> None:
        """Wait until it has ended, or for so long."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def _unhealthy(self, what: str) -> UnhealthyError:
        last = self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        return UnhealthyError("\n  ".join([what, *last]), hint=f"all that it said: {self.log}")
