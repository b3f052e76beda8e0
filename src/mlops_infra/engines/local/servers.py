"""The MLflow server's processes: found by what they carry, never by a process id in a file.

Each one has `MLOPS_INFRA_HOME` in its environment, the folder of the environment it serves, and
`MLOPS_INFRA_SPEC`, a digest of all that it was started with. So an orphan of a killed deploy is
found, and a foreign process never is.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from mlops_infra.engines import process
from mlops_infra.engines.local.cluster import log_tail
from mlops_infra.errors import UnhealthyError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping, Sequence

    from stacks.local.tracking import Tracking

HOME_VARIABLE = "MLOPS_INFRA_HOME"
SPEC_VARIABLE = "MLOPS_INFRA_SPEC"
LOG_LIMIT_BYTES = 20 * 2**20


def installed_mlflow() -> str:
    """Return the version of MLflow that a deploy would run."""
    return importlib.metadata.version("mlflow")


def processes_of(home: Path) -> list[psutil.Process]:
    """Return every live process that serves the environment in folder `home`."""
    found = []
    for each in psutil.process_iter(["status"]):
        try:
            is_alive = each.info["status"] != psutil.STATUS_ZOMBIE
            if is_alive and each.environ().get(HOME_VARIABLE) == str(home):
                found.append(each)
        except (psutil.Error, OSError):  # gone meanwhile, or somebody else's
            continue
    return found


def heads(found: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Return those of the processes that none of the others started."""
    pids = {each.pid for each in found}
    return [each for each in found if _parent_pid(each) not in pids]


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

    def differences(self, running: psutil.Process) -> str:
        """Return how `running` differs from what is wanted, as words; empty where it doesn't."""
        environ = running.environ()
        if environ.get(SPEC_VARIABLE) == self.digest:
            return ""
        changed = [
            f"{name} {environ.get(name, 'unset')} → {value}"
            for name, value in self._tracking.variables.items()
            if environ.get(name) != value
        ]
        return ", ".join(changed) or "its command, MLflow or image files changed"

    def answers(self, *, timeout_seconds: float = 2) -> bool:
        """Whether the health path answers."""
        import httpx  # 0.2 s that commands which ask no server do not pay

        url = self._tracking.url + self._tracking.spec.health_path
        try:
            return httpx.get(url, timeout=timeout_seconds, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def start(self, secrets: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start a server; the secrets that its spec names go into its environment, nowhere else."""
        tracking = self._tracking
        _rotate(tracking.log)
        env = {
            **tracking.variables,
            **{name: secrets[name] for name in tracking.spec.secrets},
            HOME_VARIABLE: str(self._home),
            SPEC_VARIABLE: self.digest,
        }
        return process.spawn(list(tracking.argv), env=env, log=tracking.log)

    def wait(self, started: subprocess.Popen[bytes] | None) -> None:
        """Wait until the server answers.

        Raises:
            UnhealthyError: it stopped, or did not answer within its start grace.
        """

        def is_up() -> bool:
            gone = started.poll() is not None if started else server_of(self._home) is None
            if gone:
                raise UnhealthyError(
                    f"the server stopped while starting\n{log_tail(self._tracking.log)}",
                    hint=f"the whole log: {self._tracking.log}",
                )
            return self.answers(timeout_seconds=1)

        grace = self._tracking.spec.start_grace_seconds
        up = Retrying(
            retry=retry_if_result(lambda is_up: not is_up),
            stop=stop_after_delay(grace),
            wait=wait_fixed(0.1),
            retry_error_callback=lambda _: False,
        )(is_up)
        if not up:
            raise UnhealthyError(
                f"the server does not answer after {grace} s\n{log_tail(self._tracking.log)}",
                hint=f"the whole log: {self._tracking.log}",
            )

    def stop(self) -> None:
        """Stop all of them: asked first, then made to."""
        for ask in (psutil.Process.terminate, psutil.Process.kill):
            found = processes_of(self._home)
            for head in heads(found) if ask is psutil.Process.terminate else found:
                with suppress(psutil.NoSuchProcess):
                    ask(head)
            psutil.wait_procs(found, timeout=self._tracking.spec.stop_grace_seconds)


def _parent_pid(found: psutil.Process) -> int:
    try:
        return found.ppid()
    except psutil.Error:
        return 0


def _rotate(log: Path) -> None:
    """Keep one old log beside a new one once it has grown long."""
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.rename(log.with_name(f"{log.name}.1"))
