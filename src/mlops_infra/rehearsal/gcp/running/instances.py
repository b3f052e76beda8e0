"""Runs what a Cloud Run service describes, one instance each.

client ── door: TLS ── Google's front end ── h2c ── front ── HTTP/1 ── server
                       an nginx of ours            nginx.conf         serve.py
                                                   of the stack
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_infra.rehearsal.container import Container
from mlops_infra.rehearsal.gcp.running.front_end import front_end, start_nginx
from mlops_infra.rehearsal.ports import HOST, free_port

if TYPE_CHECKING:
    from mlops_infra.rehearsal.gcp.running.revisions import Revision
    from mlops_infra.rehearsal.program import Program


class CloudRunInstance:
    """A server, the front before it, and Google's front end before both."""

    def __init__(self, spec: Revision, log: Path, *, stacks: Path) -> None:
        """Start the server; `stacks` is the folder of what the images hold."""
        self.spec = spec
        self.port = free_port()
        self._log = log
        self._stacks = stacks
        self._folder = tempfile.TemporaryDirectory(prefix="mlops-infra-nginx-")
        self._server = Container(spec.server, image=stacks / "image", log=log)
        self._fronts: list[Program] = []

    @property
    def is_running(self) -> bool:
        return self._server.is_running and all(each.is_running for each in self._fronts)

    def wait(self) -> None:
        """Wait until the server is healthy, then start and wait for what is before it.

        Raises:
            UnhealthyError: one of them is not.
        """
        self._server.wait()
        front_port = free_port()
        self._start("front", self._front(front_port), front_port)
        own = front_end(
            port=self.port,
            behind=front_port,
            protocol=self.spec.protocol,
            timeout_seconds=self.spec.timeout_seconds,
        )
        self._start("front-end", own, self.port)

    def stop(self) -> None:
        """Stop it as Cloud Run does: asked first, then made to."""
        self._server.stop()
        self.kill()

    def kill(self) -> None:
        """End all of it, at once."""
        for each in (*self._fronts, self._server):
            each.kill()
        self._folder.cleanup()

    def _front(self, port: int) -> str:
        """Return the stack's own configuration, with the ports of this machine."""
        text = (self._stacks / "gcp" / "front" / "nginx.conf").read_text()
        text = re.sub(rf"\blisten {self.spec.front_port};", f"listen {HOST}:{port};", text)
        behind = rf"\b(127\.0\.0\.1|localhost):{self.spec.server_port}\b"
        return re.sub(behind, f"{HOST}:{self._server.port}", text)

    def _start(self, name: str, config: str, port: int) -> None:
        started = start_nginx(
            config,
            port=port,
            folder=Path(self._folder.name) / name,
            log=self._log.with_suffix(f".{name}.log"),
        )
        self._fronts.append(started)
