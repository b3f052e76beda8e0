"""Groups of processes, each found by a variable that all of its members carry."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from dataclasses import dataclass

import psutil

JOBS_VARIABLE = "_MLFLOW_HUEY_STORAGE_PATH"
"""Where MLflow's job runner keeps its queue, in `/dev/shm`: it does not remove it itself."""

STOP_SECONDS = 4
SETTLE_SECONDS = 60
RESTING_CORES = 0.15
"""At rest the consumers poll their queues with some percent of a core; starting takes all of it."""

_TERMINATE = psutil.Process.terminate
_KILL = psutil.Process.kill


@dataclass(frozen=True, kw_only=True)
class Group:
    """All processes with `variable` set to `value` in the environment they were started with."""

    variable: str
    value: str

    def processes(self) -> list[psutil.Process]:
        """Return the live ones, parents before their children."""
        found = []
        for each in psutil.process_iter(["status"]):
            with suppress(psutil.Error, OSError):  # gone meanwhile, or somebody else's
                is_alive = each.info["status"] != psutil.STATUS_ZOMBIE
                if is_alive and each.environ().get(self.variable) == self.value:
                    found.append(each)
        return sorted(found, key=lambda each: each.create_time())

    def freeze(self) -> None:
        """Take all processor time from it; parents first, so that none misses a child's answer."""
        for each in self.processes():
            with suppress(psutil.NoSuchProcess):
                each.suspend()

    def thaw(self) -> None:
        """Let it go on; children first."""
        for each in reversed(self.processes()):
            with suppress(psutil.NoSuchProcess):
                each.resume()

    def settle(self) -> None:
        """Wait until it has started for good: the first worker answers long before the last one.

        The job consumers of the default command import MLflow for many seconds after that.
        """
        for _ in range(SETTLE_SECONDS):
            before = self._cpu_seconds()
            time.sleep(1)
            if self._cpu_seconds() - before < RESTING_CORES:
                return

    def stop(self) -> None:
        """Ask the first process to stop as an operator would, then all of them, then make them."""
        self.thaw()
        queues = {_variable(each, JOBS_VARIABLE) for each in self.processes()} - {""}
        try:
            for ask, first_only in ((_TERMINATE, True), (_TERMINATE, False), (_KILL, False)):
                found = self.processes()
                for each in found[:1] if first_only else found:
                    with suppress(psutil.NoSuchProcess):
                        ask(each)
                psutil.wait_procs(found, timeout=STOP_SECONDS)
        finally:  # Ctrl-C may come here, too
            for queue in queues:
                shutil.rmtree(queue, ignore_errors=True)

    def _cpu_seconds(self) -> float:
        total = 0.0
        for each in self.processes():
            with suppress(psutil.NoSuchProcess):
                used = each.cpu_times()
                total += used.user + used.system
        return total


def memory_mib(processes: list[psutil.Process]) -> float:
    """Return what the processes take together: a page that n of them share counts 1/n for each."""
    total = 0
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            memory = each.memory_full_info()
            total += getattr(memory, "pss", memory.rss)  # only Linux tells shares
    return total / 2**20


def _variable(process: psutil.Process, name: str) -> str:
    try:
        return process.environ().get(name, "")
    except (psutil.Error, OSError):
        return ""
