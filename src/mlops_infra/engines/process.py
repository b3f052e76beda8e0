"""The one place that starts programs: to run to their end, or to outlive this command."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from mlops_infra.errors import InfraError, PrerequisiteError

DISK_HINT = "free some space or mend the permissions, then run the command again"

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    stdin: str = "",
    keep_open: Sequence[int] = (),
    hint: str = "",
    is_secret: bool = False,
) -> str:
    """Run a program to its end and return what it printed.

    `stdin` is where a secret goes, never `argv`. `keep_open` are file descriptors that the program
    holds as long as it lives, even if this process is killed (a lock). `is_secret`: what it prints
    on stdout is, so that alone is returned, and an error has its stderr alone.

    Raises:
        PrerequisiteError: there is no such program.
        InfraError: it failed; the message ends with the last lines that it printed.
    """
    try:
        done = subprocess.run(  # noqa: S603 - argv comes from the stacks, never from a shell
            argv,
            env=dict(env),
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if is_secret else subprocess.STDOUT,
            text=True,
            errors="replace",
            pass_fds=tuple(keep_open),
            check=False,
        )
    except OSError as error:
        raise PrerequisiteError(_cannot_start(argv[0], error), hint=hint) from error
    if done.returncode:
        said = done.stderr if is_secret else done.stdout
        tail = "\n".join(f"  {line}" for line in said.strip().splitlines()[-8:])
        raise InfraError(f"{argv[0]} failed with exit code {done.returncode}\n{tail}", hint=hint)
    return done.stdout


def spawn(
    argv: Sequence[str], *, env: Mapping[str, str], log: Path, cwd: str | Path = "/"
) -> subprocess.Popen[bytes]:
    """Start a program that outlives this one, in a session of its own, writing to `log`.

    The log is readable by its owner alone.

    Raises:
        PrerequisiteError: the log cannot be written, or there is no such program.
    """
    try:
        log.touch(mode=0o600, exist_ok=True)
        sink = log.open("ab")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise PrerequisiteError(f"cannot write to {log}: {reason}", hint=DISK_HINT) from error
    with sink:
        try:
            return subprocess.Popen(  # noqa: S603 - argv comes from the stacks, never from a shell
                argv,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=cwd,
            )
        except OSError as error:
            raise PrerequisiteError(_cannot_start(argv[0], error)) from error


def exit_code(argv: Sequence[str], *, env: Mapping[str, str]) -> int:
    """Run a program that asks a question, and return its answer: the exit code.

    Raises:
        PrerequisiteError: there is no such program.
    """
    try:
        done = subprocess.run(  # noqa: S603 - argv comes from the stacks, never from a shell
            argv,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except OSError as error:
        raise PrerequisiteError(_cannot_start(argv[0], error)) from error
    return done.returncode


def lines(argv: Sequence[str]) -> Iterator[str]:
    """Yield what a program prints, line by line, until it ends or nobody listens any more."""
    with subprocess.Popen(  # noqa: S603 - argv comes from an engine, never from a shell
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace"
    ) as running:
        try:
            for line in running.stdout or ():
                yield line.rstrip("\n")
        finally:
            running.terminate()


def _cannot_start(program: str, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"program not found: {program}"
    return f"cannot start {program}: {(error.strerror or str(error)).lower()}"
