"""Runs a container that an emulated cloud has recorded: as a process of this machine.

Command, variables, secrets and health check are the recorded ones. What differs is where things
are: the image's `/app` is the project's `stacks/image`, its Python is this one, and addresses of
the cloud lead to what stands for them. User, read-only root and limits are what an image's tests
are for.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from mlops_infra.engines import process
from mlops_infra.errors import UnhealthyError
from mlops_infra.rehearsal.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

APP = "/app/"
"""Where the image has what `stacks/image` holds; the Dockerfile says so."""

HOST = "127.0.0.1"
TAIL_LINES = 8


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
        self._process: subprocess.Popen[bytes] = process.spawn(
            [sys.executable, str(image / "serve.py"), *spec.command],
            env=self._environ(),
            log=log,
        )

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def wait(self) -> None:
        """Wait until its health check succeeds.

        Raises:
            UnhealthyError: it stopped, or its start grace is over; the message ends with its log.
        """

        def is_healthy() -> bool:
            if not self.is_running:
                raise self._unhealthy(f"the container stopped ({self._process.returncode})")
            url = f"http://{HOST}:{self.port}{self.spec.health_path}"
            try:
                return httpx.get(url, timeout=2, trust_env=False).status_code == 200
            except httpx.HTTPError:
                return False

        grace = self.spec.start_grace_seconds
        healthy = Retrying(
            retry=retry_if_result(lambda healthy: not healthy),
            stop=stop_after_delay(grace),
            wait=wait_fixed(0.1),
            retry_error_callback=lambda _: False,
        )(is_healthy)
        if not healthy:
            raise self._unhealthy(f"no answer from {self.spec.health_path} after {grace} s")

    def stop(self) -> None:
        """Stop it as platforms do: asked first, then made to."""
        with suppress(ProcessLookupError):
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(self.spec.stop_grace_seconds)
        self.kill()

    def kill(self) -> None:
        """End it and all that it started, at once."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._tmp.cleanup()

    def lines(self) -> Iterator[bytes]:
        """Yield what it prints, as it comes, until it has ended."""
        with self.log.open("rb") as file:
            while True:
                is_last = not self.is_running
                yield from file
                if is_last:
                    return
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(0.5)

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

    def _unhealthy(self, what: str) -> UnhealthyError:
        last = self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        return UnhealthyError("\n  ".join([what, *last]), hint=f"all that it said: {self.log}")
