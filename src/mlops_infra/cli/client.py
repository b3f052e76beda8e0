"""Commands for whoever uses a server: `tracking-uri`, `outputs`, `login`."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from typing import Annotated

import typer

from mlops_infra.cli import options, render
from mlops_infra.cli.options import CloudName, Env, Json, ProjectDir
from mlops_infra.errors import UsageError


def tracking_uri(
    ctx: typer.Context, *, env: Env = "", cloud: CloudName = "", folder: ProjectDir = None
) -> None:
    """Print the URI for mlflow.set_tracking_uri, and nothing else."""
    target, engine = options.resolve(ctx, env, cloud, folder)
    render.show(engine.outputs(target).tracking_uri)


def outputs(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(help="One output; without it, all.")] = "",
    *,
    env: Env = "",
    cloud: CloudName = "",
    folder: ProjectDir = None,
    as_json: Json = False,
) -> None:
    """Print what the deploy yielded. No secret is among it: see login."""
    target, engine = options.resolve(ctx, env, cloud, folder)
    found = asdict(engine.outputs(target))
    if key and key not in found:
        raise UsageError(f"no output '{key}'; allowed: {', '.join(found)}")
    if as_json:
        render.show_json(found[key] if key else found)
    elif key:
        render.show(found[key])
    else:
        render.show("\n".join(f"{name}={value}" for name, value in found.items()))


def login(
    ctx: typer.Context,
    *,
    env: Env = "",
    cloud: CloudName = "",
    folder: ProjectDir = None,
    style: Annotated[
        str, typer.Option("--format", help="env, json or github (for $GITHUB_ENV).")
    ] = "env",
) -> None:
    """Print a client's variables, the password among them: eval "$(mlops-infra login -e dev)"."""
    from mlops_infra import operations

    styles = ("env", "json", "github")
    if style not in styles:
        raise UsageError(f"no format '{style}'; allowed: {', '.join(styles)}")
    target, engine = options.resolve(ctx, env, cloud, folder)
    variables = operations.login(engine, target)
    if style == "json":
        render.show_json(variables)
    elif style == "github":
        render.mask(variables.get("MLFLOW_TRACKING_PASSWORD", ""))
        render.show("\n".join(f"{name}={value}" for name, value in variables.items()))
    else:
        lines = (f"export {name}={shlex.quote(value)}" for name, value in variables.items())
        render.show("\n".join(lines))
