"""Whose lock on a stack may be released: that of a process which is gone for sure."""

from __future__ import annotations

import getpass
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psutil
import pytest

from mlops_infra.engines.pulumi.locks import is_dead
from mlops_infra.engines.pulumi.troubles import Owner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def process() -> Iterator[psutil.Process]:
    """A live process of this user, which ends when it is told so."""
    argv = [sys.executable, "-c", "input()"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
        yield psutil.Process(running.pid)
        running.kill()


def owner_of(process: psutil.Process, *, since: timedelta, **other: str) -> Owner:
    """Say that a process holds a lock since some time after its start, in whole seconds."""
    taken = datetime.fromtimestamp(process.create_time(), UTC) + since
    whose = {"user": getpass.getuser(), "host": socket.gethostname(), **other}
    return Owner(**whose, pid=process.pid, since=taken.replace(microsecond=0))


def test_a_process_that_is_older_than_its_lock_is_alive(process: psutil.Process) -> None:
    assert not is_dead(owner_of(process, since=timedelta(minutes=5)))
    assert not is_dead(owner_of(process, since=timedelta(0))), "a lock's time has no fractions"


def test_a_process_that_is_younger_than_the_lock_has_only_got_its_owners_id(
    process: psutil.Process,
) -> None:
    assert is_dead(owner_of(process, since=timedelta(seconds=-3)))


def test_a_zombie_is_dead(
    process: psutil.Process, until: Callable[[Callable[[], bool]], None]
) -> None:
    owner = owner_of(process, since=timedelta(minutes=5))
    process.kill()
    until(lambda: process.status() == psutil.STATUS_ZOMBIE)  # nobody has waited for it
    assert is_dead(owner)


def test_a_process_that_is_gone_is_dead(process: psutil.Process) -> None:
    owner = owner_of(process, since=timedelta(minutes=5))
    process.kill()
    process.wait()
    assert is_dead(owner)


@pytest.mark.parametrize("other", [{"host": "elsewhere"}, {"user": "somebody"}])
def test_of_another_machine_or_user_nothing_is_known(
    process: psutil.Process, other: dict[str, str]
) -> None:
    owner = owner_of(process, since=timedelta(minutes=5), **other)
    process.kill()
    process.wait()
    assert not is_dead(owner)
