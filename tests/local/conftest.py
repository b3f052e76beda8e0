"""What the fault tests share: one environment seen from outside, through its processes and REST."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psutil
import pytest

from tests.conftest import Project

if TYPE_CHECKING:
    from collections.abc import Iterator

FASTEST = {
    "server": {"auth": "none"},
    "access": {
        "exposure": "private",
        "allowed_cidrs": ["10.0.0.0/8"],
        "domain": "mlflow.example.com",
    },
    "aws": {"hosted_zone": {"id": "Z0123456789", "name": "example.com"}},
}


@dataclass(frozen=True)
class Deployment:
    """One environment of a project: the commands on it, its runs, its processes."""

    project: Project
    name: str
    root: Path = Path("/")
    """The root folder of its commands, which may live in a mount namespace of their own."""

    @property
    def home(self) -> Path:
        return self.project.home(self.name)

    def read(self, name: str) -> str:
        """Return what one of its files holds."""
        return (self.root / self.home.relative_to("/") / name).read_text()

    def run(self, verb: str, *options: str, code: int | None = 0) -> str:
        """Run a command on it; returns all that it said."""
        yes = ["--yes"] if verb in {"deploy", "teardown"} else []
        done = self.project.run(verb, "-e", self.name, *yes, *options, code=code)
        return done.stdout + done.stderr

    def deploy(self, *, code: int | None = 0) -> str:
        return self.run("deploy", code=code)

    def state(self) -> dict[str, Any]:
        return json.loads(self.read("state.json"))

    @property
    def uri(self) -> str:
        return self.project.run("tracking-uri", "-e", self.name).stdout.strip()

    def log_run(self, name: str) -> None:
        """Log one finished run with a metric."""
        with self._client() as client:
            answer = client.post("runs/create", json={"experiment_id": "0", "run_name": name})
            run_id = answer.raise_for_status().json()["run"]["info"]["run_id"]
            metric = {"run_id": run_id, "key": "loss", "value": 0.5, "timestamp": 1}
            client.post("runs/log-metric", json=metric).raise_for_status()
            done = {"run_id": run_id, "status": "FINISHED"}
            client.post("runs/update", json=done).raise_for_status()

    def runs(self) -> set[str]:
        """Return the names of the runs whose metric is there, too."""
        with self._client() as client:
            search = {"experiment_ids": ["0"], "max_results": 1000, "filter": "metrics.loss = 0.5"}
            answer = client.post("runs/search", json=search).raise_for_status().json()
        return {run["info"]["run_name"] for run in answer.get("runs", [])}

    def is_whole(self) -> bool:
        """Whether one server and one database run, and the run named `first` is there."""
        one_each = len(self.server_heads()) == len(self.postmasters()) == 1
        return one_each and "first" in self.runs()

    def _client(self) -> httpx.Client:
        secrets = json.loads(self.read("secrets.json"))
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.state()['port']}/api/2.0/mlflow/",
            auth=("admin", secrets["MLFLOW_AUTH_ADMIN_PASSWORD"]),  # ignored where none is asked
            trust_env=False,
            timeout=30,
        )

    def processes(self) -> list[psutil.Process]:
        """Return every live process of it: servers, database, and what makes one."""
        return [*self.servers(), *self._databases()]

    def servers(self) -> list[psutil.Process]:
        return [
            each for each in alive() if environ_of(each).get("MLOPS_INFRA_HOME") == str(self.home)
        ]

    def server_heads(self) -> list[psutil.Process]:
        return _heads(self.servers())

    def postmasters(self) -> list[psutil.Process]:
        return _heads(self._databases())

    def _databases(self) -> list[psutil.Process]:
        return [
            each for each in alive() if any(f"{self.home}/postgres" in word for word in words(each))
        ]

    @property
    def socket_dir(self) -> str:
        """Where its database's socket is, as the running database says."""
        return self.read("postgres/postmaster.pid").splitlines()[4]


def alive() -> list[psutil.Process]:
    return [
        each
        for each in psutil.process_iter(["status"])
        if each.info["status"] != psutil.STATUS_ZOMBIE
    ]


def environ_of(found: psutil.Process) -> dict[str, str]:
    try:
        return found.environ()
    except (psutil.Error, OSError):
        return {}


def words(found: psutil.Process) -> list[str]:
    try:
        return found.cmdline()
    except (psutil.Error, OSError):
        return []


def _heads(found: list[psutil.Process]) -> list[psutil.Process]:
    pids = {each.pid for each in found}
    return [each for each in found if each.ppid() not in pids]


def kill(*found: psutil.Process) -> None:
    """Kill at once, as a crash or the kernel's out-of-memory killer would, and see them gone."""
    for each in found:
        os.kill(each.pid, signal.SIGKILL)
    for each in found:
        while each.is_running() and each.status() != psutil.STATUS_ZOMBIE:
            pass


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project for all tests of one file; each leaves its environments as it found them."""
    found = Project(tmp_path_factory.mktemp("shared"))
    (found.folder / "environments").mkdir()
    yield found
    found.destroy()


@pytest.fixture(scope="module")
def fast(shared: Project) -> Deployment:
    """The environment that starts soonest, with one run in it."""
    shared.write("fast", FASTEST)
    found = Deployment(shared, "fast")
    found.deploy()
    found.log_run("first")
    return found
