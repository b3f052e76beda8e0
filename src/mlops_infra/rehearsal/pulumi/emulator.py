"""Starts the emulated clouds of Pulumi's providers as a process of their own, and stops it."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Self

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from mlops_infra.errors import InfraError
from mlops_infra.rehearsal.faults import Faults
from mlops_infra.rehearsal.pulumi.cloud import Cloud

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

START_SECONDS = 90
"""Reading the SDKs of Azure and GCP takes 5 s on an idle machine."""

STOP_SECONDS = 30
RANDOM = "mlops_infra.rehearsal.pulumi.random"


class EmulatedClouds:
    """The clouds behind some providers, alive inside a `with` block.

    `providers` are modules with a `PROVIDER`, beside `random`, which is always there. What was made
    lies in `folder` and is still there when the block is entered again.
    """

    def __init__(
        self, folder: Path, *providers: str, environ: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder.absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.cloud = Cloud(self.folder / "cloud.db")
        self.faults = Faults(self.folder / "faults")
        self._providers = [RANDOM, *providers]
        self._environ = environ
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environ(self) -> dict[str, str]:
        """What an engine needs to talk to them and to nothing else; add it to your own."""
        return {
            "PULUMI_DEBUG_PROVIDERS": self._ports.read_text(),
            # Else a second `up` looks for the real providers.
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def __enter__(self) -> Self:
        """Start it, and return once it answers.

        Raises:
            InfraError: it ended or did not answer in time; the message says what it printed.
        """
        self._ports.unlink(missing_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                [
                    *(sys.executable, "-m", "mlops_infra.rehearsal.pulumi"),
                    *("--folder", str(self.folder), *self._providers),
                ],
                stdin=subprocess.PIPE,  # it ends with us, even if we are killed
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environ,
                start_new_session=True,  # so that Ctrl-C stops the client and not the cloud
            )
        Retrying(
            retry=retry_if_result(lambda answers: not answers),
            stop=stop_after_delay(START_SECONDS),
            wait=wait_fixed(0.1),
            retry_error_callback=lambda _: self._fail("did not answer"),
        )(self._answers)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it. What it holds stays in the folder."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()

    @property
    def _log(self) -> Path:
        return self.folder / "emulator.log"

    @property
    def _ports(self) -> Path:
        return self.folder / "ports"

    def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            self._fail("ended")
        return self._ports.exists()

    def _fail(self, what: str) -> None:
        self.__exit__(None, None, None)
        last = self._log.read_text(errors="replace").splitlines()[-8:]
        raise InfraError(
            "\n  ".join([f"the emulated clouds {what}", *last]),
            hint="install its extra: pip install 'mlops-infra[rehearsal]'",
        )
