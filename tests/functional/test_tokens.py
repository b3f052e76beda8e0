"""A login is asked for a token once, however many environments wait for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

ASK = """
from concurrent.futures import ThreadPoolExecutor
from mlops_infra.engines.pulumi.clouds import {cloud}
with ThreadPoolExecutor(8) as pool:
    print(*pool.map(lambda _: {cloud}.token({words}), range(8)))
"""

AZ = """#!/bin/sh
echo asked >> {log}
echo '{{"accessToken": "one", "expires_on": 4102444800, "expiresOn": "2100-01-01 00:00:00.000000"}}'
"""


def answers(cloud: str, words: str, environ: dict[str, str]) -> list[str]:
    """What eight who ask at once are given."""
    ask = [sys.executable, "-c", ASK.format(cloud=cloud, words=words)]
    return subprocess.run(
        ask, env=environ, capture_output=True, text=True, check=True
    ).stdout.split()


def test_who_asks_azure_at_once_starts_az_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    az = tmp_path / "az"
    az.write_text(AZ.format(log=log))
    az.chmod(0o755)
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    # The one way to sign in that is tried: the others would look for a network.
    environ = {"PATH": path, "AZURE_TOKEN_CREDENTIALS": "AzureCliCredential"}
    assert answers("azure", "azure.MANAGEMENT", environ) == ["one"] * 8
    assert log.read_text().splitlines() == ["asked"]


def test_who_asks_google_at_once_asks_for_one_token(tmp_path: Path) -> None:
    with issuer() as (uri, asked):
        login = tmp_path / "login.json"
        login.write_text(json.dumps(service_account(uri)))
        environ = {"PATH": os.environ["PATH"], "GOOGLE_APPLICATION_CREDENTIALS": str(login)}
        assert answers("gcp", "", environ) == ["1"] * 8
    assert asked == ["/token"]


@contextmanager
def issuer() -> Generator[tuple[str, list[str]]]:
    """Issue tokens, numbered; yields where, and what was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            body = json.dumps({"access_token": str(len(asked)), "expires_in": 3600}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/token", asked
        server.shutdown()


def service_account(token_uri: str) -> dict[str, str]:
    """A login as Google writes it to a file."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return {
        "type": "service_account",
        "client_email": "ci@mlops-test.iam.gserviceaccount.com",
        "private_key": key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
        "token_uri": token_uri,
    }
