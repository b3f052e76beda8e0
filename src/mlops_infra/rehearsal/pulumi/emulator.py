"""The emulated clouds of Pulumi's providers: how to start them, and what an engine needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from mlops_infra.rehearsal.emulator import Emulator
from mlops_infra.rehearsal.faults import Faults
from mlops_infra.rehearsal.pulumi.cloud import Cloud

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

START_SECONDS = 90
"""Reading the SDKs of Azure and GCP takes 5 s on an idle machine."""

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
        self._emulator = Emulator(
            "mlops_infra.rehearsal.pulumi",
            *("--folder", str(self.folder), *self._providers),
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
