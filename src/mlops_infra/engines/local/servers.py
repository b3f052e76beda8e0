"""The MLflow server's processes: found by what they carry, never by a process id in a file.

Each one has `MLOPS_INFRA_HOME` in its environment, the folder of the environment it serves, and
`MLOPS_INFRA_SPEC`, a digest of all that it was started with. So an orphan of a killed deploy is
found, and a foreign process never is.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from mlops_infra.engines import process
from mlops_infra.engines.local.failure import is_full, unhealthy
from mlops_infra.engines.local.processes import environ_of, heads, living, wait_until_gone

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping

    from stacks.local.tracking import Tracking

HOME_VARIABLE = "MLOPS_INFRA_HOME"
SPEC_VARIABLE = "MLOPS_INFRA_SPEC"
LOG_LIMIT_BYTES = 20 * 2**20
HANGING_SECONDS = 5
"""A server under full load still answers its health path in a second or two."""


def installed_mlflow() -> str:
    """Return the version of MLflow that a deploy would run."""
    return importlib.metadata.version("mlflow")


def processes_of(home: Path) -> list[psutil.Process]:
    """Return every live process that serves the environment in folder `home`."""
    return [each for each in living() if environ_of(each).get(HOME_VARIABLE) == str(home)]


def server_of(home: Path) -> psutil.Process | None:
    """Return the process that all the others come from, or None where none runs."""
    return next(iter(heads(processes_of(home))), None)


class Servers:
    """All processes that serve the environment in folder `home`."""

    def __init__(self, home: Path, tracking: Tracking) -> None:
        self._home = home
        self._tracking = tracking

    @property
    def digest(self) -> str:
        """What tells a server that runs as wanted from one that doesn't."""
        tracking = self._tracking
        files = [tracking.argv[1], tracking.spec.variables.get("MLFLOW_AUTH_CONFIG_PATH", "")]
        wanted = [
            tracking.argv,
            tracking.variables,
            installed_mlflow(),
            [hashlib.sha256(Path(name).read_bytes()).hexdigest() for name in files if name],
        ]
        return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:16]

    def trouble(self, *, healthy_at: float | None) -> str:
        """Return why what runs must be stopped, as words; empty where it may go on, or start up.

        `healthy_at` is when a deploy last saw a server answer.
        """
        head = server_of(self._home)
        differences = self._differences(environ_of(head)) if head else ""
        return differences or self.illness(healthy_at=healthy_at)

    def illness(self, *, healthy_at: float | None) -> str:
        """Return what ails the server that runs, whatever it was started with; empty if nothing.

        One that is older than `healthy_at` and does not answer hangs, a younger one may still be
        starting.
        """
        found = heads(processes_of(self._home))
        if len(found) > 1:
            return "lost the process that it was started by"
        if not found or self.answers(timeout_seconds=HANGING_SECONDS):
            return ""
        age = time.time() - found[0].create_time()
        was_healthy = healthy_at is not None and found[0].create_time() < healthy_at
        is_starting = not was_healthy and age < self._tracking.spec.start_grace_seconds
        return "" if is_starting else "does not answer"

    def _differences(self, environ: Mapping[str, str]) -> str:
        if environ.get(SPEC_VARIABLE) == self.digest:
            return ""
        changed = [
            f"{name} {environ.get(name, 'unset')} → {value}"
            for name, value in self._tracking.variables.items()
            if environ.get(name) != value
        ]
        return ", ".join(changed) or "its command, MLflow or image files changed"

    def answers(self, *, timeout_seconds: float = 2) -> bool:
        """Whether the health path answers, and one of these processes is what answers there."""
        import httpx  # 0.2 s that commands which ask no server do not pay

        url = self._tracking.url + self._tracking.spec.health_path
        try:
            answer = httpx.get(url, timeout=timeout_seconds, trust_env=False)
        except httpx.HTTPError:
            return False
        port = self._tracking.spec.port
        return answer.status_code == 200 and any(
            _listens(each, port) for each in processes_of(self._home)
        )

    def check(self, secrets: Mapping[str, str]) -> None:
        """See that the installed MLflow can serve this database, before anything is stopped.

        Raises:
            InfraError: a newer MLflow has migrated it.
        """
        python, entry, *argv = self._tracking.argv
        process.run([python, entry, "check", *argv[1:]], env=self._env(secrets))

    def start(self, secrets: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start a server; the secrets that its spec names go into its environment, nowhere else."""
        tracking = self._tracking
        _rotate(tracking.log)
        env = {
            **self._env(secrets),
            HOME_VARIABLE: str(self._home),
            SPEC_VARIABLE: self.digest,
        }
        return process.spawn(list(tracking.argv), env=env, log=tracking.log)

    def _env(self, secrets: Mapping[str, str]) -> dict[str, str]:
        spec = self._tracking.spec
        return {**self._tracking.variables, **{name: secrets[name] for name in spec.secrets}}

    def wait(self, started: subprocess.Popen[bytes] | None) -> None:
        """Wait until the server answers: `started`, or else the one that runs.

        Raises:
            UnhealthyError: it stopped, or did not answer within its start grace.
        """
        grace, log = self._tracking.spec.start_grace_seconds, self._tracking.log

        def is_up() -> bool:
            if self.answers(timeout_seconds=1):
                return True
            gone = started.poll() is not None if started else server_of(self._home) is None
            if gone:
                raise unhealthy("the server stopped while starting", log=log)
            if is_full(self._home):
                raise unhealthy("the server cannot start", log=log)
            return False

        up = Retrying(
            retry=retry_if_result(lambda is_up: not is_up),
            stop=stop_after_delay(grace),
            wait=wait_fixed(0.1),
            retry_error_callback=lambda _: False,
        )(is_up)
        if not up:
            raise unhealthy(f"the server does not answer after {grace} s", log=log)

    def stop(self) -> None:
        """Stop all of them: asked first, then made to."""
        for ask in (psutil.Process.terminate, psutil.Process.kill):
            found = processes_of(self._home)
            for head in heads(found) if ask is psutil.Process.terminate else found:
                with suppress(psutil.NoSuchProcess):
                    ask(head)
                    head.resume()  # a suspended process hears nothing else
            grace = self._tracking.spec.stop_grace_seconds
            if wait_until_gone(found, timeout_seconds=grace):
                return


def _listens(found: psutil.Process, port: int) -> bool:
    """Whether a process listens on `port`; taken for granted where the system does not tell."""
    try:
        connections = found.net_connections("tcp")
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True
    return any(
        each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in connections
    )


def _rotate(log: Path) -> None:
    """Keep one old log beside a new one once it has grown long."""
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.rename(log.with_name(f"{log.name}.1"))
