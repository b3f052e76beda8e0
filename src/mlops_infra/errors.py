"""Every error a user can meet, and the exit code each one ends in.

    InfraError                    1  something failed
    ├── ConfigError               3  an environment file is wrong: all its problems at once
    ├── UsageError                3  the command line is wrong, or needs an answer nobody can give
    ├── PrerequisiteError         4  a tool, a login, a permission, disk or a port is missing
    ├── LockedError               5  another deploy holds this environment
    ├── NotDeployedError          1  the environment is not there
    └── UnhealthyError            1  it is there, and does not work

Written lower case and without a full stop: what is wrong, the value given, what is allowed. The
`hint` is the next command to run. `cli/app.py` is the only place that catches them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class InfraError(Exception):
    """What a user reads instead of a traceback.

    `hint` says what to do next, best as a command; it is empty where the message already does.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One mistake in one environment file, at its line and key path."""

    file: Path
    line: int
    path: str
    message: str
    allowed: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}"
        subject = f"{self.path}: " if self.path else ""
        allowed = f"; allowed: {self.allowed}" if self.allowed else ""
        return f"{where}: {subject}{self.message}{allowed}"


class ConfigError(InfraError):
    """An environment file cannot be used. `problems` holds every mistake in it, in file order."""

    exit_code = 3

    def __init__(self, problems: Sequence[Problem], *, hint: str = "") -> None:
        count = len(problems)
        files = len({problem.file for problem in problems})
        where = "the environment file" if files == 1 else f"{files} environment files"
        head = f"{count} problem{'s' if count != 1 else ''} in {where}"
        super().__init__("\n".join([head, *(f"  {problem}" for problem in problems)]), hint=hint)
        self.problems = tuple(problems)


class UsageError(InfraError):
    """The command line asks for something that cannot be done as it was asked."""

    exit_code = 3


class PrerequisiteError(InfraError):
    """Something that a deploy needs is missing on this machine or in the account."""

    exit_code = 4


class LockedError(InfraError):
    """Another process is changing the same environment; nothing was done."""

    exit_code = 5


class NotDeployedError(InfraError):
    """The environment is asked for something that only a deploy yields."""


class UnhealthyError(InfraError):
    """A server or database that should work does not."""
