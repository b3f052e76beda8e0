"""Commands that look at an environment: `doctor`, `status`, `drift`, `smoke`, `logs`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from mlops_infra.cli import options, render
from mlops_infra.cli.options import CHANGES_FOUND, CloudName, Env, Json, ProjectDir

NOT_READY = 4
"""The exit code of `doctor` where a deploy would fail."""


def doctor(
    ctx: typer.Context,
    *,
    env: Env = "",
    cloud: CloudName = "",
    folder: ProjectDir = None,
    as_json: Json = False,
) -> None:
    """Show what a deploy needs, and what mends what is missing. Exit code 4: it would fail."""
    from mlops_infra import operations

    target, engine = options.resolve(ctx, env, cloud, folder)
    found = operations.doctor(engine, target)
    if as_json:
        render.show_json(render.findings_document(target, found))
    else:
        render.show("\n".join(render.findings_lines(found)))
    raise typer.Exit(NOT_READY if any(each.is_in_the_way for each in found) else 0)


def status(
    ctx: typer.Context,
    *,
    env: Env = "",
    cloud: CloudName = "",
    folder: ProjectDir = None,
    everything: Annotated[bool, typer.Option("--all", help="Every environment.")] = False,
    as_json: Json = False,
) -> None:
    """Show what runs and whether it works. Exit code 1 where something deployed does not."""
    from mlops_infra import operations

    if everything:
        where = options.project_dir(folder)
        targets = operations.find_targets(where, options.cloud(cloud))
    else:
        targets = [options.target(env, cloud, folder)]
    reports = operations.report_all(ctx.obj.engine_for, targets)
    if as_json:
        documents = [render.report_document(each) for each in reports]
        render.show_json(documents if everything else documents[0])
    elif everything:
        render.report_table(reports)
    else:
        render.show("\n".join(render.report_lines(reports[0])))
    is_bad = any(each.word == "unhealthy" for each in reports)
    raise typer.Exit(1 if is_bad or (not everything and reports[0].probe is None) else 0)


def drift(
    ctx: typer.Context,
    *,
    env: Env = "",
    cloud: CloudName = "",
    folder: ProjectDir = None,
    as_json: Json = False,
) -> None:
    """Show what was changed by hand since the last deploy. Exit code 0: nothing, 2: something."""
    from mlops_infra.operations import flags

    target, engine = options.resolve(ctx, env, cloud, folder)
    found = engine.drift(target)
    lines = render.drift_lines(target, found)
    render.summarize(lines)
    if as_json:
        render.show_json(render.drift_document(target, found))
    else:
        render.show("\n".join(lines))
    if found:
        render.say(f"to bring it back:  mlops-infra deploy {flags(target)}")
    raise typer.Exit(CHANGES_FOUND if found else 0)


def smoke(
    ctx: typer.Context,
    *,
    env: Env = "",
    cloud: CloudName = "",
    folder: ProjectDir = None,
    as_json: Json = False,
) -> None:
    """Prove that tracking, artifacts and the registry work; cleans up after itself."""
    from mlops_infra.smoke import smoke as prove

    target, engine = options.resolve(ctx, env, cloud, folder)
    found, credentials = engine.outputs(target), engine.credentials(target)
    on_check = (lambda _: None) if as_json else render.check
    checks = prove(found, credentials, on_check=on_check)
    if as_json:
        render.show_json([asdict(check) for check in checks])
    raise typer.Exit(0 if all(check.ok for check in checks) else 1)


def logs(
    ctx: typer.Context,
    *,
    env: Env = "",
    cloud: CloudName = "",
    folder: ProjectDir = None,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on until stopped.")] = False,
) -> None:
    """Print the server's log."""
    target, engine = options.resolve(ctx, env, cloud, folder)
    for line in engine.logs(target, follow=follow):
        render.show(line.text)
