"""The emulated clouds of Pulumi's providers: how to start them, and what an engine needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from mlops_infra.rehearsal.emulator import Emulator
from mlops_infra.rehearsal.faults import Faults
from mlops_infra.rehearsal.ports import free_port
from mlops_infra.rehearsal.pulumi.cloud import Cloud
from mlops_infra.rehearsal.pulumi.names import AUTHORITY_FILE, GOOGLE_TOKEN, TENANT
from mlops_infra.rehearsal.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

START_SECONDS = 90
"""Reading the SDKs of Azure and GCP takes 5 s on an idle machine."""

LOGINS = {
    # https://learn.microsoft.com/python/api/azure-identity/azure.identity.environmentcredential
    "AZURE_TENANT_ID": TENANT,
    "AZURE_CLIENT_ID": "66666666-7777-8888-9999-000000000000",
    "AZURE_CLIENT_SECRET": "emulated",
    "GOOGLE_OAUTH_ACCESS_TOKEN": GOOGLE_TOKEN,
}
"""Somebody who is signed in to all of them."""

RANDOM = "mlops_infra.rehearsal.pulumi.random"


class EmulatedClouds:
    """The clouds behind some providers, alive inside a `with` block.

    `providers` are modules with a `PROVIDER`, beside `random`, which is always there. What was made
    lies in `folder` and is still there when the block is entered again; what ran ends with the
    block. With `runs` off, services and databases are recorded and never started: quicker, and
    nothing answers. `environ` is what the process gets in the place of this one's variables.
    """

    def __init__(
        self,
        folder: Path,
        *providers: str,
        runs: bool = True,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder.absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.cloud = Cloud(self.folder / "cloud.db")
        self.faults = Faults(self.folder / "faults")
        self.settings = Settings(self.folder)
        self.runs = runs
        self._providers = [RANDOM, *providers]
        self._door = ""
        self._environ = environ

    @property
    def environ(self) -> dict[str, str]:
        """What an engine needs to talk to them and to nothing else; add it to your own."""
        return {
            "PULUMI_DEBUG_PROVIDERS": self._ports.read_text(),
            # Else a second `up` looks for the real providers.
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            # The names that its stacks declare, and no others. Lower case is what wins.
            "https_proxy": self._door,
            "no_proxy": "127.0.0.1,localhost",
            "SSL_CERT_FILE": str(self.folder / AUTHORITY_FILE),
            "REQUESTS_CA_BUNDLE": str(self.folder / AUTHORITY_FILE),
            **LOGINS,
        }

    def __enter__(self) -> Self:
        """Start it, and return once it answers.

        Raises:
            InfraError: it ended or did not answer in time; the message says what it printed.
        """
        self._ports.unlink(missing_ok=True)
        door_port = free_port()
        self._door = f"http://127.0.0.1:{door_port}"
        self._emulator = Emulator(
            "mlops_infra.rehearsal.pulumi",
            *("--folder", str(self.folder), "--door-port", str(door_port)),
            *([] if self.runs else ["--record-only"]),
            *self._providers,
            log=self.folder / "emulator.log",
            environ=self._environ,
        )
        self._emulator.wait(self._ports.exists, seconds=START_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it. What it holds stays in the folder."""
        self._emulator.stop()

    @property
    def _ports(self) -> Path:
        return self.folder / "ports"
