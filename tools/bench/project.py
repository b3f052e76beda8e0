"""Our side: a project of the benchmark's own, and the installed command run in it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import psutil
import yaml

from tools.bench.processes import Group

if TYPE_CHECKING:
    from types import TracebackType

REPOSITORY = Path(__file__).parents[2]
COMMAND = str(Path(sys.executable).with_name("mlops-infra"))
PORTS = range(5800, 5900)
_untried_ports = iter(PORTS)  # no port is given twice: an environment keeps its own while stopped

Auth = Literal["none", "basic"]


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One environment of the project, with two workers, on this machine."""

    folder: Path
    name: str
    auth: Auth
    port: int

    @property
    def home(self) -> Path:
        return self.folder / ".mlops-infra" / "local" / self.name

    @property
    def server(self) -> Group:
        """All processes of its server; not those of its database."""
        return Group(variable="MLOPS_INFRA_HOME", value=str(self.home))

    @cached_property
    def secrets(self) -> dict[str, str]:
        return json.loads((self.home / "secrets.json").read_text())

    def database(self) -> list[psutil.Process]:
        """Return the processes of its PostgreSQL, or none."""
        try:
            pid = int((self.home / "postgres" / "postmaster.pid").read_text().splitlines()[0])
            head = psutil.Process(pid)
            return [head, *head.children()]
        except (OSError, ValueError, IndexError, psutil.Error):
            return []

    def socket_dir(self) -> str:
        """Return where its running PostgreSQL listens."""
        setting = "unix_socket_directories="
        words = self.database()[0].cmdline()
        return next(word.removeprefix(setting) for word in words if word.startswith(setting))

    def run(self, verb: str, *options: str, check: bool = True) -> float:
        """Run one command to its end, as a user would, and return how many seconds it took."""
        words = [COMMAND, verb, "-e", self.name, "--cloud", "local", *options]
        return run(words, cwd=self.folder, check=check)

    def deploy(self) -> float:
        return self.run("deploy", "--yes")


class Project:
    """A temporary folder with environment files; everything in it is gone at the end."""

    def __enter__(self) -> Project:
        self.folder = Path(tempfile.mkdtemp(prefix="mlops-infra-bench-")).resolve()
        self._environments: list[Environment] = []
        (self.folder / "environments").mkdir()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)  # children inherit it, so the rest is carried out
        for each in self._environments:
            each.server.thaw()
            each.run("teardown", "--delete-data", "--yes", check=False)
        self._sweep()
        shutil.rmtree(self.folder, ignore_errors=True)

    def environment(self, name: str, *, auth: Auth) -> Environment:
        """Write an environment like the shipped staging: two vCPU, so two workers."""
        document: dict[str, Any] = yaml.safe_load(
            (REPOSITORY / "environments" / "staging.yaml").read_text()
        )
        port = free_port()
        document |= {"name": name, "cloud": "local", "protected": False, "local": {"port": port}}
        for other in ("aws", "azure", "gcp"):  # and their rules: only this machine is measured
            del document[other]
        document["server"] |= {"cpu": 2, "memory_gib": 4, "auth": auth}
        document["access"] |= {"exposure": "private" if auth == "none" else "public"}
        text = yaml.safe_dump(document, sort_keys=False)
        (self.folder / "environments" / f"{name}.yaml").write_text(text)
        made = Environment(folder=self.folder, name=name, auth=auth, port=port)
        self._environments.append(made)
        return made

    def _sweep(self) -> None:
        """Kill what still runs from this project's folder, which is nobody else's."""
        mark = str(self.folder)
        for each in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                words = [*each.cmdline(), *each.environ().values()]
                if each.pid != os.getpid() and any(mark in word for word in words):
                    each.kill()


def run(words: list[str], *, cwd: Path = REPOSITORY, check: bool = True) -> float:
    """Run a program to its end and return its seconds; what it prints is only shown if it fails.

    Raises:
        RuntimeError: it failed, and `check` is set.
    """
    began = time.perf_counter()
    done = subprocess.run(  # noqa: S603 - our own command, with our own words
        words,
        cwd=cwd,
        env=clean_environ(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - began
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(words)}\n{done.stderr}{done.stdout}")
    return seconds


def clean_environ() -> dict[str, str]:
    """Return the variables that every program here gets: nobody's Python or MLflow settings."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def free_port() -> int:
    """Return a port that nobody listens on and that was not given before.

    Raises:
        RuntimeError: there is none.
    """
    for port in _untried_ports:
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError(f"no free port between {PORTS.start} and {PORTS.stop - 1}")
