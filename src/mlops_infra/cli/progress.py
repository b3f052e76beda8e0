"""A running plan as a person sees it: live on a terminal, plain lines anywhere else."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlops_infra.cli.render import say

if TYPE_CHECKING:
    from collections.abc import Generator

    from rich.progress import TaskID

    from mlops_infra.engines.base import OnEvent
    from mlops_infra.model import Event


@contextmanager
def progress(title: str) -> Generator[OnEvent]:
    """Show what goes on; yields the function that is told each event."""
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        with _live() as on_event:
            yield on_event
    else:
        with _lines(title) as on_event:
            yield on_event


@contextmanager
def _lines(title: str) -> Generator[OnEvent]:
    """One line a step; folded where GitHub shows it."""
    is_github = bool(os.environ.get("GITHUB_ACTIONS"))
    began = False

    def on_event(event: Event) -> None:
        nonlocal began
        if is_github and not began:
            say(f"::group::{title}")
        began = True
        how = " failed" if event.failed else " done" if event.done else " …"
        took = f" ({event.seconds:.1f} s)" if event.seconds else ""
        say(f"  {event.resource}: {event.message}{how}{took}")

    try:
        yield on_event
    finally:
        if is_github and began:
            say("::endgroup::")


@contextmanager
def _live() -> Generator[OnEvent]:
    """A row with a spinner for what is under way, below a line for each that has ended.

    A stack has more resources than a terminal has rows.
    """
    from rich.console import Console  # 0.1 s that only a terminal costs
    from rich.markup import escape
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    rows: dict[str, TaskID] = {}
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    table = Progress(*columns, console=Console(stderr=True, highlight=False))

    def on_event(event: Event) -> None:
        table.start()  # with the first step, not before: a question may come first
        text = escape(f"{event.resource:<9} {event.message}")
        seconds = event.seconds
        if (row := rows.pop(event.resource, None)) is not None:
            seconds = seconds or next(each.elapsed or 0 for each in table.tasks if each.id == row)
            table.remove_task(row)
        if event.done or event.failed:
            how = f"[green]✓[/] {text}" if event.done else f"[red]✗ {text} failed[/]"
            took = f" [cyan]{seconds:.1f} s[/]" if round(seconds, 1) else ""
            table.console.print(f"{how}{took}", soft_wrap=True)
        else:
            rows[event.resource] = table.add_task(text, total=None)

    try:
        yield on_event
    finally:
        table.stop()
