"""Commands that change an environment: `bootstrap`, `plan`, `deploy`, `teardown`."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from mlops_infra.cli import options, render
from mlops_infra.cli.options import CHANGES_FOUND, CloudName, Env, Json, ProjectDir, Yes
from mlops_infra.cli.questions import ask

if TYPE_CHECKING:
    from collections.abc import Generator

    from mlops_infra.model import Plan, Target
    from mlops_infra.operations import Approve

INTERRUPTED = 130


def plan(
    ctx: typer.Context,
    *,
    env: Env = "",
    cloud: CloudName = "",
    folder: ProjectDir = None,
    as_json: Json = False,
) -> None:
    """Show what deploy would change. Exit code 0: nothing, 2: something."""
    from mlops_infra import operations

    target, engine = options.resolve(ctx, env, cloud, folder)
    found = operations.plan(engine, target)
    lines = render.plan_lines(found)
    render.summarize(lines)
    if as_json:
        render.show_json(render.plan_document(found))
    else:
        render.show("\n".join(lines))
    raise typer.Exit(0 if found.is_empty else CHANGES_FOUND)


def bootstrap(
    ctx: typer.Context,
    *,
    env: Env = "",
    cloud: CloudName = "",
    folder: ProjectDir = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Make what a first deploy needs, and whom CI deploys as; may be run again at any time."""
    from mlops_infra import operations
    from mlops_infra.cli import github
    from mlops_infra.cli.progress import progress

    target, engine = options.resolve(ctx, env, cloud, folder)

    consent = _approval("make this?", yes=yes)
    with (
        _interruptible("bootstrap", target, consent) as approve,
        progress(f"bootstrap {target}") as on_event,
    ):
        done = operations.bootstrap(engine, target, approve=approve, on_event=on_event)
        variables = engine.ci_variables(done)
    if done.is_empty:
        render.say("\n".join(render.plan_lines(done)))
    else:
        render.say(f"next:  mlops-infra deploy {operations.flags(target)}")
    ci, name = target.environment.ci, target.environment.name
    found = render.plan_document(done)
    if ci and variables:
        found["ci"] = github.document(ci, name, variables)
        render.say(github.advice(ci, name))
    if as_json:
        render.show_json(found)
    elif "ci" in found:
        render.show("\n".join(found["ci"]["commands"]))


def deploy(
    ctx: typer.Context,
    *,
    env: Env = "",
    cloud: CloudName = "",
    folder: ProjectDir = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Bring an environment to what its file says; ends with the tracking URI."""
    from mlops_infra import operations
    from mlops_infra.cli.progress import progress

    target, engine = options.resolve(ctx, env, cloud, folder)

    consent = _approval("deploy this?", yes=yes)
    with (
        _interruptible("deploy", target, consent) as approve,
        progress(f"deploy {target}") as on_event,
    ):
        outputs, found = operations.deploy(engine, target, approve=approve, on_event=on_event)
    how = "is up" if found.is_healthy else "runs; private, and cannot be reached from here"
    render.summarize([f"{target} {how}: {outputs.tracking_uri}"])
    render.say(
        f'{target} {how}: log in with  eval "$(mlops-infra login {operations.flags(target)})"'
    )
    if as_json:
        render.show_json(asdict(outputs))
    else:
        render.show(outputs.tracking_uri)


def teardown(
    ctx: typer.Context,
    *,
    env: Env = "",
    cloud: CloudName = "",
    folder: ProjectDir = None,
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Delete database and artifacts, too.")
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Take an environment down; keeps its data unless told otherwise."""
    from mlops_infra import operations
    from mlops_infra.cli.progress import progress

    target, engine = options.resolve(ctx, env, cloud, folder)
    name = target.environment.name

    def consent(found: Plan) -> None:
        render.propose(found)
        if not yes and ask(f"type '{name}' to go on: ", flag="--yes") != name:
            raise operations.declined()

    verb = "teardown --delete-data" if delete_data else "teardown"
    with (
        _interruptible(verb, target, consent) as approve,
        progress(f"teardown {target}") as on_event,
    ):
        done = operations.teardown(
            engine, target, delete_data=delete_data, approve=approve, on_event=on_event
        )
    if as_json:
        render.show_json(render.plan_document(done))
    else:
        render.kept(done)


def _approval(question: str, *, yes: bool) -> Approve:
    """Return what shows a plan and, without `yes`, asks whether to carry it out."""
    from mlops_infra import operations

    def approve(found: Plan) -> None:
        render.propose(found)
        if not yes and not ask(f"{question} [y/N] ", flag="--yes").lower().startswith("y"):
            raise operations.declined()

    return approve


@contextmanager
def _interruptible(verb: str, target: Target, consent: Approve) -> Generator[Approve]:
    """Turn Ctrl-C into word of how things are and how to go on; yields the `approve` to use.

    Until a plan is approved nothing has been started that could be somewhere between.
    """
    from mlops_infra.operations import flags

    approved = False

    def approve(found: Plan) -> None:
        nonlocal approved
        consent(found)
        approved = True

    try:
        yield approve
    except KeyboardInterrupt as error:
        if not approved:
            raise typer.Abort from error
        render.say(f"\ninterrupted: {target} is somewhere between; what was started keeps running")
        render.say(f"see:   mlops-infra status {flags(target)}")
        render.say(f"to go on:  mlops-infra {verb} {flags(target)}")
        raise typer.Exit(INTERRUPTED) from error
