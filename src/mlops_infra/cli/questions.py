"""Questions to whoever sits at the terminal, if anybody does."""

from __future__ import annotations

import sys

import typer

from mlops_infra.errors import UsageError


def somebody_is_there() -> bool:
    """Whether there is a terminal to ask on."""
    return sys.stdin is not None and sys.stdin.isatty()


def ask(question: str, *, flag: str) -> str:
    """Ask on the terminal.

    Raises:
        UsageError: there is none; the flag that answers is named.
    """
    if not somebody_is_there():
        raise UsageError("cannot ask without a terminal", hint=f"add {flag} to go on unasked")
    return read(question)


def read(question: str) -> str:
    """Return the line that somebody answers with.

    Raises:
        Abort: there will be none (Ctrl-C, Ctrl-D).
    """
    sys.stderr.write(question)
    sys.stderr.flush()
    try:
        answer = sys.stdin.readline()
    except KeyboardInterrupt:  # nothing has been started that could be somewhere between
        raise typer.Abort from None
    if not answer:
        raise typer.Abort
    return answer.strip()
