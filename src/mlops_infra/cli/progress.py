"""A running plan as a person sees it: a live table on a terminal, plain lines anywhere else."""

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
        took = f" ({event.seconds:.1f} s)" if event.seconds else ""
        say(f"  {event.resource}: {event.message}{' done' if event.done else ' …'}{took}")

    try:
        yield on_event
    finally:
        if is_github and began:
            say("::endgroup::")


@contextmanager
def _live() -> Generator[OnEvent]:
    """One row a step, with a spinner while it lasts."""
    from rich.console import Console  # 0.1 s that only a terminal costs
    from rich.markup import escape
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    rows: dict[tuple[str, str], TaskID] = {}
    columns = (
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.fields[resource]:<9}"),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    table = Progress(*columns, console=Console(stderr=True))

    def on_event(event: Event) -> None:
        table.start()  # with the first step, not before: a question may come first
        key = (event.resource, event.message)
        if key not in rows:
            rows[key] = table.add_task(escape(event.message), total=1, resource=event.resource)
        if event.done:
            table.update(rows[key], completed=1)

    try:
        yield on_event
    finally:
        table.stop()
