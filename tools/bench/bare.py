"""The other side: `mlflow server` as its documentation starts it, on the same database."""

from __future__ import annotations

import configparser
import http.client
import itertools
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import psycopg2

from tools.bench.processes import Group
from tools.bench.project import REPOSITORY, clean_environ, free_port

if TYPE_CHECKING:
    from collections.abc import Generator

    from tools.bench.project import Environment

START_SECONDS = 180
PLAIN_UVICORN = "--loop asyncio --http h11"
"""What uvicorn takes by itself after `pip install mlflow`. Here it would find the uvloop and
httptools that our extra `local` installs, and that would be our tuning on both sides."""

_serial = itertools.count()


@dataclass(frozen=True, kw_only=True)
class Bare:
    """A running one."""

    group: Group
    port: int
    start_seconds: float
    """From the command to the first 200 of `/health`."""


@contextmanager
def bare(
    environment: Environment,
    *,
    workers: int | None = None,
    jobs: bool = True,
    database: str = "mlflow",
) -> Generator[Bare]:
    """Start `mlflow server` beside `environment`, whose PostgreSQL runs; stop it at the end.

    It gets what it needs to start and nothing more: without `workers` it takes its own default,
    jobs are on unless asked, and with basic auth its cache stays off.

    Raises:
        RuntimeError: it does not come up.
    """
    folder = environment.folder / f"bare-{next(_serial)}"
    folder.mkdir()
    port = free_port()
    group = Group(variable="MLOPS_INFRA_BENCH", value=str(folder))
    uri = f"postgresql+psycopg2://mlflow@/{database}?host={quote(environment.socket_dir())}"
    words = [str(Path(sys.executable).with_name("mlflow")), "server", "--host", "127.0.0.1"]
    words += ["--port", str(port), "--backend-store-uri", uri]
    words += ["--artifacts-destination", str(folder / "artifacts")]
    words += ["--uvicorn-opts", PLAIN_UVICORN]
    words += [] if workers is None else ["--workers", str(workers)]
    variables = {
        **clean_environ(),
        **environment.secrets,
        group.variable: group.value,
        "TMPDIR": str(folder),
        "MLFLOW_DISABLE_TELEMETRY": "true",  # a benchmark is nobody's usage
    }
    if not jobs:
        variables["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    if environment.auth == "basic":
        words += ["--app-name", "basic-auth"]
        variables["MLFLOW_AUTH_CONFIG_PATH"] = str(_auth_config(folder, uri))
    log = folder / "server.log"
    try:
        began = time.perf_counter()
        with log.open("wb") as sink:
            started = subprocess.Popen(  # noqa: S603 - our own words
                words,
                env=variables,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        _wait(started, port=port, log=log)
        yield Bare(group=group, port=port, start_seconds=time.perf_counter() - began)
    finally:
        group.stop()


def create_database(environment: Environment, name: str) -> None:
    """Make an empty database in the environment's cluster, owned by MLflow's role."""
    connection = psycopg2.connect(
        host=environment.socket_dir(),
        user="postgres",
        password=environment.secrets["PGPASSWORD"],
        dbname="postgres",
    )
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} OWNER mlflow")
    finally:
        connection.close()


def _auth_config(folder: Path, uri: str) -> Path:
    """Write what we ship, with MLflow's own default for the cache: none."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(REPOSITORY / "stacks" / "image" / "basic_auth.ini")
    config["mlflow"]["database_uri"] = uri
    del config["mlflow"]["auth_cache_ttl_seconds"]
    file = folder / "basic_auth.ini"
    with file.open("w") as text:
        config.write(text)
    return file


def _wait(started: subprocess.Popen[bytes], *, port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _is_healthy(port):
        if started.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"mlflow server does not start\n{log.read_text()[-2000:]}")
        time.sleep(0.05)


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
