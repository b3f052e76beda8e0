"""What stands for Google's front end: HTTP/2 to a port called `h2c`, else HTTP/1 up to 32 MiB."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import httpx
import pytest

from mlops_infra.rehearsal.gcp.running.front_end import front_end, start_nginx
from mlops_infra.rehearsal.ports import HOST, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

MIB = 2**20


class Counting(BaseHTTPRequestHandler):
    """Answers with how much came; HTTP/1 only, as MLflow's server."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        left = length = int(self.headers["Content-Length"])
        while left:
            left -= len(self.rfile.read(min(left, MIB)))
        body = str(length).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *words: object) -> None:  # noqa: A002 - http.server's own
        """Say nothing."""


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Callable[[str, int], httpx.Response]]:
    """Send so many bytes through a front end to a server; the protocol is what the port says."""
    server = ThreadingHTTPServer((HOST, 0), Counting)
    Thread(target=server.serve_forever, daemon=True).start()
    started = []

    def put(protocol: str, size: int) -> httpx.Response:
        port = free_port()
        config = front_end(
            port=port, behind=server.server_port, protocol=protocol, timeout_seconds=20
        )
        folder = tmp_path / protocol
        started.append(start_nginx(config, port=port, folder=folder, log=tmp_path / "log"))
        return httpx.put(f"http://{HOST}:{port}/", content=bytes(size), trust_env=False)

    yield put
    for each in started:
        each.kill()
    server.shutdown()
    server.server_close()


def test_a_server_without_a_front_gets_up_to_32_mib(ask: Callable[..., httpx.Response]) -> None:
    assert ask("http1", 32 * MIB).text == str(32 * MIB)


def test_a_server_without_a_front_gets_no_more(ask: Callable[..., httpx.Response]) -> None:
    assert ask("http1", 32 * MIB + 1).status_code == 413


def test_a_server_that_cannot_speak_http2_is_not_reached_where_it_says_it_can(
    ask: Callable[..., httpx.Response],
) -> None:
    assert ask("h2c", 1).status_code == 502
