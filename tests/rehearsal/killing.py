"""A command of `mlops-infra`, watched from outside and killed when it shall be."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

import psutil
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from pathlib import Path

LONGEST_SECONDS = 120
LOOK_SECONDS = 0.03

Subject = TypeVar("Subject")


@dataclass(frozen=True)
class Command(Generic[Subject]):
    """One running command, and what can be seen of it and of the environment it works on."""

    subject: Subject
    process: subprocess.Popen[str]
    talk: Path

    @property
    def said(self) -> str:
        """What it has said so far."""
        return self.talk.read_text()

    def runs(self, *words: str) -> bool:
        """Whether a program runs on its behalf with all of `words` in its command line."""
        return any(set(words) <= set(_words(each)) for each in self.family())

    def family(self) -> list[psutil.Process]:
        """Return every process that it started, and that those started."""
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self.process.pid).children(recursive=True)
        return []

    def wait_for(self, moment: Callable[[Command[Subject]], bool]) -> None:
        """Return at that moment; fails if the command ends before, or after two minutes."""

        def is_there() -> bool:
            assert self.process.poll() is None, f"it ended before that: {self.said}"
            return moment(self)

        Retrying(
            retry=retry_if_result(lambda done: not done),
            stop=stop_after_delay(LONGEST_SECONDS),
            wait=wait_fixed(LOOK_SECONDS),
        )(is_there)

    def kill(self, *, with_all: bool) -> None:
        """Kill its process group, as a terminal does; with `with_all` all that it started, too."""
        family = self.family()
        os.killpg(self.process.pid, signal.SIGKILL)
        for each in family if with_all else ():
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self.process.wait()

    def kill_alone(self) -> list[psutil.Process]:
        """Kill it and nothing else, as `kill -9` does; returns what goes on without it."""
        family = self.family()
        self.process.kill()
        self.process.wait()
        return family

    def interrupt(self) -> int:
        """Do what Ctrl-C does to all in the foreground; returns the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(timeout=60)


@contextmanager
def started(
    subject: Subject, argv: Sequence[str], *, folder: Path, environ: Mapping[str, str]
) -> Generator[Command[Subject]]:
    """Start a command in a process group of its own, as a shell does; nothing of it is left."""
    talk = folder / "talk"
    with (
        talk.open("w") as sink,
        subprocess.Popen(
            argv,
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=sink,
            text=True,
            start_new_session=True,
            # `pytest &` ignores it
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        ) as process,
    ):
        found = Command(subject=subject, process=process, talk=talk)
        try:
            yield found
        finally:
            if process.poll() is None:
                found.kill(with_all=True)


def _words(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []
