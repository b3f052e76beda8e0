"""Writes docs/commands.md, the reference of the commands, from the commands: `make regenerate`."""

from __future__ import annotations

from pathlib import Path

import typer
from typer.cli import get_docs_for_click
from typer.core import TyperGroup

from mlops_infra.cli.app import app

PAGE = Path(__file__).parents[1] / "docs" / "commands.md"
HEAD = """# Commands

What `mlops-infra COMMAND --help` prints, on one page; `make regenerate` writes it. stdout is data,
stderr is talk. Exit codes: 0 done, 1 failed, 2 changes found (`plan`, `drift`), 3 wrong
configuration or usage, 4 something is missing on the machine, 5 somebody else is changing this
environment, 130 interrupted.

"""


def page() -> str:
    """Return the reference as Markdown, in the order of the help."""
    group = typer.main.get_command(app)
    if not isinstance(group, TyperGroup):
        raise TypeError("the program has commands")
    ctx = typer.Context(group, info_name="mlops-infra")
    with ctx:
        commands = [
            get_docs_for_click(obj=command, ctx=ctx, indent=1, call_prefix="mlops-infra")
            for command in group.commands.values()
        ]
    return HEAD + "".join(commands).strip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
