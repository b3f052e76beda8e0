"""An emulated AWS: how to start it, and what a client of it needs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self
from urllib.error import URLError
from urllib.request import urlopen

from mlops_infra.rehearsal.emulator import Emulator
from mlops_infra.rehearsal.faults import Faults
from mlops_infra.rehearsal.ports import free_port
from mlops_infra.rehearsal.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

AUTHORITY_FILE = "authority.pem"
"""In its folder: whom clients of the names that it serves must trust."""

START_SECONDS = 60
"""It takes 2 s on an idle machine; a busy one with a cold disk took 14 s."""


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
        self.settings = Settings(self.folder)
        self.runs = runs
        self._persist = persist
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
        port, door_port = free_port(), free_port()
        self.url, self._door = (f"http://127.0.0.1:{each}" for each in (port, door_port))
        self._emulator = Emulator(
            "mlops_infra.rehearsal.aws",
            *("--port", str(port), "--door-port", str(door_port)),
            *("--folder", str(self.folder)),
            *("--account", self.account, "--region", self.region),
            *(["--persist"] if self._persist else []),
            *([] if self.runs else ["--record-only"]),
            "--until-eof",
            log=self.folder / "emulator.log",
        )
        self._emulator.wait(self._answers, seconds=START_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it; with `persist`, once it has written its state."""
        self._emulator.stop()

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.url}/_ministack/ready", timeout=5) as answer:  # noqa: S310 - our own http URL
                return answer.status == 200
        except (URLError, OSError):
            return False
