"""Clients of a server that an emulated cloud runs: with its URI, its login and nothing else."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Protocol

import httpx

if TYPE_CHECKING:
    from collections.abc import Generator

LARGE_MIB = 300

TRANSFER = f"""
import hashlib, os, pathlib, tempfile
import mlflow

def digest(file):
    with open(file, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()

with tempfile.TemporaryDirectory() as folder:
    sent, target = pathlib.Path(folder) / "large.bin", pathlib.Path(folder) / "back"
    sent.write_bytes(os.urandom(2**20) * {LARGE_MIB})
    mlflow.set_experiment("large")
    with mlflow.start_run() as run:
        mlflow.log_artifact(str(sent))
    back = mlflow.artifacts.download_artifacts(
        run_id=run.info.run_id, artifact_path="large.bin", dst_path=str(target)
    )
    assert digest(sent) == digest(back)
"""


class Deployed(Protocol):
    """An environment of any emulated cloud."""

    @property
    def environ(self) -> dict[str, str]: ...
    def run(self, *words: str) -> subprocess.CompletedProcess[str]: ...


def login(engine: Deployed) -> dict[str, Any]:
    """Return what the command gives a client."""
    return json.loads(engine.run("login", "--format", "json").stdout)


def transfer(engine: Deployed) -> None:
    """Send a large artifact up and down, and compare."""
    environ = {**engine.environ, **login(engine)}
    subprocess.run([sys.executable, "-c", TRANSFER], env=environ, check=True)


@contextmanager
def visitor(engine: Deployed) -> Generator[httpx.Client]:
    """Come as any program does, by what the environment's variables say; logged in."""
    environ = engine.environ
    known = login(engine)
    with httpx.Client(
        base_url=known["MLFLOW_TRACKING_URI"],
        auth=(known["MLFLOW_TRACKING_USERNAME"], known["MLFLOW_TRACKING_PASSWORD"]),
        proxy=environ["https_proxy"],
        verify=ssl.create_default_context(cafile=environ["SSL_CERT_FILE"]),
        trust_env=False,
        timeout=20,
        limits=httpx.Limits(max_keepalive_connections=0),  # so each request finds its way anew
    ) as client:
        yield client


@contextmanager
def asking(client: httpx.Client) -> Generator[list[int]]:
    """Ask for the server's health all the time; yields the status of each answer so far."""
    answers: list[int] = []
    over = Event()

    def ask() -> None:
        while not over.wait(0.1):
            answers.append(client.get("/health").status_code)

    thread = Thread(target=ask)
    thread.start()
    try:
        yield answers
    finally:
        over.set()
        thread.join()
