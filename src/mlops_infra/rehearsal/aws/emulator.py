"""Starts an emulated AWS as a process of its own, and stops it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Self
from urllib.error import URLError
from urllib.request import urlopen

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from mlops_infra.errors import InfraError
from mlops_infra.rehearsal.faults import Faults
from mlops_infra.rehearsal.ports import free_port

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

AUTHORITY_FILE = "authority.pem"
"""In its folder: whom clients of the names that it serves must trust."""

START_SECONDS = 60
"""It takes 2 s on an idle machine; a busy one with a cold disk took 14 s."""

STOP_SECONDS = 30


class EmulatedAws:
    """An AWS account on a free port of this machine, alive inside a `with` block.

    Its state is the process's: clients may come, go and be killed. With `persist` it is written to
    `folder` on stop, and a later one over the same folder continues from there. With `runs` off,
    services and databases are recorded and never started: quicker, and nothing answers.
    """

    def __init__(
        self,
        folder: Path,
        *,
        account: str = "000000000000",
        region: str = "eu-west-1",
        persist: bool = False,
        runs: bool = True,
    ) -> None:
        self.folder = folder.absolute()
        self.account = account
        self.region = region
        self.faults = Faults(self.folder / "faults")
        self.runs = runs
        self._persist = persist
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""
        self._door = ""

    @property
    def environ(self) -> dict[str, str]:
        """What a program needs to talk to it and to nothing else; add it to your own environment.

        The access key is the account's number: that is how the emulator tells accounts apart.
        """
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": "emulated",
            "AWS_SESSION_TOKEN": "",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "CDK_DEFAULT_ACCOUNT": self.account,
            "CDK_DEFAULT_REGION": self.region,
            # The names that its stacks declare, and no others. Lower case is what wins.
            "https_proxy": self._door,
            "no_proxy": "127.0.0.1,localhost",
            "SSL_CERT_FILE": str(self.folder / AUTHORITY_FILE),
            "REQUESTS_CA_BUNDLE": str(self.folder / AUTHORITY_FILE),
        }

    def __enter__(self) -> Self:
        """Start it, and return once it answers.

        Raises:
            InfraError: it ended or did not answer in time; the message says what it printed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        door_port = free_port()
        self.url, self._door = (f"http://127.0.0.1:{each}" for each in (port, door_port))
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                [
                    *(sys.executable, "-m", "mlops_infra.rehearsal.aws"),
                    *("--port", str(port), "--door-port", str(door_port)),
                    *("--folder", str(self.folder)),
                    *("--account", self.account, "--region", self.region),
                    *(["--persist"] if self._persist else []),
                    *([] if self.runs else ["--record-only"]),
                    "--until-eof",
                ],
                stdin=subprocess.PIPE,  # it ends with us, even if we are killed
                stdout=log,
                stderr=subprocess.STDOUT,
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
        """Stop it; with `persist`, once it has written its state."""
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

    def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            self._fail("ended")
        try:
            with urlopen(f"{self.url}/_ministack/ready", timeout=5) as answer:  # noqa: S310 - our own http URL
                return answer.status == 200
        except (URLError, OSError):
            return False

    def _fail(self, what: str) -> None:
        self.__exit__(None, None, None)
        last = self._log.read_text(errors="replace").splitlines()[-8:]
        raise InfraError(
            "\n  ".join([f"the emulated AWS {what}", *last]),
            hint="install its extra: pip install 'mlops-infra[rehearsal]'",
        )
