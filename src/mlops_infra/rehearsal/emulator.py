"""The process of an emulated cloud: started, waited for, stopped."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, NoReturn

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from mlops_infra.errors import InfraError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

STOP_SECONDS = 30
TAIL_LINES = 8


class Emulator:
    """One of our modules, run as a process that ends with this one, even if this one is killed."""

    def __init__(
        self, module: str, *arguments: str, log: Path, environ: Mapping[str, str] | None = None
    ) -> None:
        """Start it. It has to end when its standard input does."""
        self._module = module
        self._log = log
        with log.open("ab") as sink:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                [sys.executable, "-m", module, *arguments],
                stdin=subprocess.PIPE,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=environ,
                start_new_session=True,  # so that Ctrl-C stops the client and not the cloud
            )

    def wait(self, answers: Callable[[], bool], *, seconds: float) -> None:
        """Wait until it answers.

        Raises:
            InfraError: it ended or did not answer in time; the message says what it printed.
        """

        def is_ready() -> bool:
            if self._process.poll() is not None:
                self._fail("ended")
            return answers()

        Retrying(
            retry=retry_if_result(lambda ready: not ready),
            stop=stop_after_delay(seconds),
            wait=wait_fixed(0.1),
            retry_error_callback=lambda _: self._fail("did not answer"),
        )(is_ready)

    def stop(self) -> None:
        """Stop it, once it has written its state; kill it if that takes too long."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _fail(self, what: str) -> NoReturn:
        self.stop()
        last = self._log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        raise InfraError(
            "\n  ".join([f"the emulator {self._module} {what}", *last]),
            hint="install its extra: pip install 'mlops-infra[rehearsal]'",
        )
