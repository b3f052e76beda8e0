"""Runs a container that an emulated cloud has recorded: as a process of this machine.

Command, variables, secrets and health check are the recorded ones. What differs is where things
are: the image's `/app` is the project's `stacks/image`, its Python is this one, and addresses of
the cloud lead to what stands for them. User, read-only root and limits are what an image's tests
are for.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from mlops_infra.rehearsal.ports import HOST, free_port
from mlops_infra.rehearsal.program import Program

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

APP = "/app/"
"""Where the image has what `stacks/image` holds; the Dockerfile says so."""


@dataclass(frozen=True, kw_only=True)
class ContainerSpec:
    """A server as a cloud has recorded it. Equal ones need no new process."""

    image: str
    """Its reference. Whatever that is, `stacks/image` runs; another one is another version."""
    command: tuple[str, ...]
    """What follows the image's entry point."""
    variables: Mapping[str, str]
    """Secrets among them, by value."""
    addresses: Mapping[str, str]
    """Variables that lead to what stands for the cloud; they win over `variables`."""
    health_path: str
    start_grace_seconds: int
    stop_grace_seconds: int


class Container:
    """One running container, on a free port of its own."""

    def __init__(self, spec: ContainerSpec, *, image: Path, log: Path) -> None:
        """Start it; `image` is the folder of the image's files."""
        self.spec = spec
        self.port = free_port()
        self.log = log
        self._image = image
        self._tmp = tempfile.TemporaryDirectory(prefix="mlops-infra-container-")
        self._program = Program(
            [sys.executable, str(image / "serve.py"), *spec.command], env=self._environ(), log=log
        )

    @property
    def is_running(self) -> bool:
        return self._program.is_running

    def wait(self) -> None:
        """Wait until its health check succeeds.

        Raises:
            UnhealthyError: it stopped, or its start grace is over; the message ends with its log.
        """
        url = f"http://{HOST}:{self.port}{self.spec.health_path}"

        def is_healthy() -> bool:
            try:
                return httpx.get(url, timeout=2, trust_env=False).status_code == 200
            except httpx.HTTPError:
                return False

        self._program.wait(is_healthy, seconds=self.spec.start_grace_seconds)

    def stop(self) -> None:
        """Stop it as platforms do: asked first, then made to."""
        self._program.stop(grace_seconds=self.spec.stop_grace_seconds)
        self._tmp.cleanup()

    def kill(self) -> None:
        """End it and all that it started, at once."""
        self._program.kill()
        self._tmp.cleanup()

    def lines(self) -> Iterator[bytes]:
        """Yield what it prints, as it comes, until it has ended."""
        with self.log.open("rb") as file:
            while True:
                is_last = not self.is_running
                yield from file
                if is_last:
                    return
                self._program.wait_for_end(seconds=0.5)

    def _environ(self) -> dict[str, str]:
        here = {
            # The image's, as its Dockerfile has them.
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.defpath]),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": self._tmp.name,
            "TMPDIR": self._tmp.name,
        }
        recorded = {
            name: f"{self._image}/{value.removeprefix(APP)}" if value.startswith(APP) else value
            for name, value in self.spec.variables.items()
        }
        own = {"MLFLOW_HOST": HOST, "MLFLOW_PORT": str(self.port)}
        return {**here, **recorded, **self.spec.addresses, **own}
