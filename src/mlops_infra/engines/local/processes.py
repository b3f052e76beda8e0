"""Processes that outlive the command that started them: which live, what they carry, their end.

A zombie counts as gone everywhere. In a container whose first process reaps nothing, that of a
stopped server stays for good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def living() -> Iterator[psutil.Process]:
    """Yield every live process of this machine, in the order of their ids."""
    for each in psutil.process_iter(["status"]):
        if each.info["status"] != psutil.STATUS_ZOMBIE:
            yield each


def environ_of(found: psutil.Process) -> dict[str, str]:
    """Return a process's variables; none where it has just gone or is somebody else's."""
    try:
        return found.environ()
    except (psutil.Error, OSError):
        return {}


def command_of(found: psutil.Process) -> list[str]:
    """Return a process's command line; empty where it has just gone or is somebody else's."""
    try:
        return found.cmdline()
    except (psutil.Error, OSError):
        return []


def heads(found: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Return those of the processes that none of the others started."""
    pids = {each.pid for each in found}
    return [each for each in found if _parent_pid(each) not in pids]


def wait_until_gone(found: Sequence[psutil.Process], *, timeout_seconds: float) -> bool:
    """Wait for the end of all of them; returns whether it came in time."""
    return Retrying(
        retry=retry_if_result(lambda gone: not gone),
        stop=stop_after_delay(timeout_seconds),
        wait=wait_fixed(0.05),
        retry_error_callback=lambda _: False,
    )(lambda: not any(_is_alive(each) for each in found))


def _is_alive(found: psutil.Process) -> bool:
    try:
        return found.is_running() and found.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _parent_pid(found: psutil.Process) -> int:
    try:
        return found.ppid()
    except psutil.Error:
        return 0
