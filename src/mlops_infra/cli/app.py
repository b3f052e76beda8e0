"""The program: its commands, and the one place that catches errors."""

from __future__ import annotations

import sys
import traceback
from io import TextIOWrapper
from typing import TYPE_CHECKING, Annotated

import typer

from mlops_infra import __version__
from mlops_infra.cli import client, files, lifecycle, observation, render
from mlops_infra.cli.options import Session
from mlops_infra.errors import InfraError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED = 130

# Plain help: rich would double the time until it is on the screen.
app = typer.Typer(
    name="mlops-infra",
    help="Put a production MLflow platform on AWS, Azure, GCP or this machine.",
    rich_markup_mode=None,
    add_completion=True,
    pretty_exceptions_enable=False,
)


def run(argv: Sequence[str], *, session: Session | None = None) -> int:
    """Run one command line and return its exit code. No exception leaves it."""
    session = session or Session()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # an old terminal may lack a character
    try:
        code = app(
            args=list(argv) or ["--help"],
            prog_name="mlops-infra",
            standalone_mode=False,
            obj=session,
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, a user reads no traceback
        if session.debug:
            traceback.print_exc()
        return _tell(error)
    return code or 0


def _tell(error: Exception) -> int:
    """Say what went wrong and return the exit code for it."""
    if isinstance(error, InfraError):
        render.error(error)
        return error.exit_code
    if isinstance(error, typer.TyperException):
        return _tell(UsageError(_sentence(error), hint="mlops-infra --help"))
    if isinstance(error, typer.Abort):
        render.say("cancelled")
        return INTERRUPTED
    render.say(f"error: this is a bug in mlops-infra: {type(error).__name__}: {error}")
    render.say("try:   the same command with --debug after 'mlops-infra', and report it")
    return 1


def _sentence(error: typer.TyperException) -> str:
    text = error.format_message().rstrip(".")
    return text[:1].lower() + text[1:]


@app.callback()
def main(
    ctx: typer.Context,
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback of what fails.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    ctx.obj.debug = debug
    if version:
        render.show(f"mlops-infra {__version__}")
        raise typer.Exit


app.command()(files.init)
app.command()(files.validate)
app.command()(observation.doctor)
app.command()(lifecycle.bootstrap)
app.command()(lifecycle.plan)
app.command()(lifecycle.deploy)
app.command("tracking-uri")(client.tracking_uri)
app.command()(client.outputs)
app.command()(client.login)
app.command()(observation.status)
app.command()(observation.drift)
app.command()(observation.smoke)
app.command()(observation.logs)
app.command()(lifecycle.teardown)
