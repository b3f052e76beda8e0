"""What is measured, one function for each: pairs of ours and the other, in turns.

Two servers are never busy at once. For the throughput both are up and one is frozen (SIGSTOP), so
that windows can alternate every few seconds instead of once per 20 s start of the default command.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import asdict
from typing import TYPE_CHECKING

from tools.bench import project
from tools.bench.bare import bare, create_database
from tools.bench.load import Job, Result
from tools.bench.processes import memory_mib

if TYPE_CHECKING:
    from tools.bench.bare import Bare
    from tools.bench.load import Kind
    from tools.bench.processes import Group
    from tools.bench.project import Environment

COMMAND_RUNS = 9
START_PAIRS = 3
WINDOWS = 7
WINDOW_SECONDS = 3
REST_SECONDS = 8
PARALLEL_SECONDS = 6
THAW_SECONDS = 0.5  # what a frozen server has missed, it does now
WORKERS = 2
KINDS: tuple[Kind, ...] = ("get", "log")


def commands(environment: Environment) -> dict[str, list[float]]:
    """Return the seconds of whole processes, in turns; `environment` is up."""
    target = ["-e", environment.name, "--cloud", "local"]
    words = {
        "python": [sys.executable, "-c", "pass"],
        "help": [project.COMMAND, "--help"],
        "tracking-uri": [project.COMMAND, "tracking-uri", *target],
    }
    found = defaultdict(list)
    for _ in range(COMMAND_RUNS):
        for name, each in words.items():
            found[name].append(project.run(each, cwd=environment.folder))
    return found


def first_start(environment: Environment) -> tuple[float, float]:
    """Return the seconds of a first deploy, and of `mlflow server` on another empty database.

    The environment is left as deployed, but for its server.
    """
    ours = environment.deploy()
    environment.server.stop()
    create_database(environment, "empty")
    with bare(environment, workers=WORKERS, jobs=False, database="empty") as other:
        return ours, other.start_seconds


def starts(environment: Environment) -> list[tuple[float, float]]:
    """Return pairs of seconds: a deploy of all that was stopped, and a bare server.

    The deploy starts PostgreSQL, too; the bare server finds it running, and has its jobs off, as
    ours has: with them it takes longer, which would flatter us.
    """
    pairs = []
    for _ in range(START_PAIRS):
        environment.run("teardown", "--yes")
        ours = environment.deploy()
        environment.server.stop()
        with bare(environment, workers=WORKERS, jobs=False) as other:
            pairs.append((ours, other.start_seconds))
    return pairs


def resting_memory(environment: Environment, server: Group) -> float:
    """Return the MiB of a server that nobody asks anything, and of its database."""
    server.settle()
    time.sleep(REST_SECONDS)
    return memory_mib(server.processes()) + memory_mib(environment.database())


def throughput(environment: Environment, other: Bare) -> dict[Kind, list[tuple[Result, Result]]]:
    """Return pairs of windows, ours and the other, in turns; both are up."""
    found = defaultdict(list)
    for _ in range(WINDOWS):
        pair: dict[str, dict[Kind, Result]] = {}
        for name, busy, idle, port in (
            ("ours", environment.server, other.group, environment.port),
            ("other", other.group, environment.server, other.port),
        ):
            idle.freeze()
            busy.thaw()
            time.sleep(THAW_SECONDS)
            pair[name] = {kind: _load(environment, port=port, kind=kind) for kind in KINDS}
        for kind in KINDS:
            found[kind].append((pair["ours"][kind], pair["other"][kind]))
    return found


def parallel(environment: Environment, other: Bare) -> Result:
    """Return how 32 connections that log batches fare with ours."""
    other.group.freeze()
    environment.server.thaw()
    return _load(
        environment,
        port=environment.port,
        kind="log",
        connections=32,
        seconds=PARALLEL_SECONDS,
    )


def _load(
    environment: Environment,
    *,
    port: int,
    kind: Kind,
    connections: int = 8,
    seconds: float = WINDOW_SECONDS,
) -> Result:
    """Run the client.

    Raises:
        RuntimeError: it failed.
    """
    authorization = ""
    if environment.auth == "basic":
        login = f"admin:{environment.secrets['MLFLOW_AUTH_ADMIN_PASSWORD']}"
        authorization = f"Basic {base64.b64encode(login.encode()).decode()}"
    job = Job(
        port=port,
        kind=kind,
        authorization=authorization,
        connections=connections,
        seconds=seconds,
    )
    done = subprocess.run(
        [sys.executable, "-m", "tools.bench.load"],
        cwd=project.REPOSITORY,
        env=project.clean_environ(),
        input=json.dumps(asdict(job)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the client failed on port {port}\n{done.stderr}")
    return Result(**json.loads(done.stdout))
