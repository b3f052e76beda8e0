"""The options that every command takes, and the target that they name."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlops_infra.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlops_infra.config.models import Cloud
    from mlops_infra.engines.base import Engine
    from mlops_infra.model import Target

CHANGES_FOUND = 2
"""The exit code of `plan` and `drift` where there is something to do."""

Env = Annotated[
    str,
    typer.Option(
        "-e", "--env", envvar="MLOPS_INFRA_ENV", help="Environment: a file's name.", metavar="NAME"
    ),
]
CloudName = Annotated[
    str,
    typer.Option(
        "-c",
        "--cloud",
        envvar="MLOPS_INFRA_CLOUD",
        help="local, aws, azure or gcp; without it, the one the file names.",
        metavar="CLOUD",
    ),
]
ProjectDir = Annotated[
    Path | None,
    typer.Option(
        "-C",
        "--project-dir",
        help="The project; without it, the nearest folder upwards with environments/ in it.",
        metavar="DIR",
    ),
]
Yes = Annotated[bool, typer.Option("-y", "--yes", help="Answer yes to the question.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]


def _engine_for(cloud: Cloud) -> Engine:
    from mlops_infra.engines import engine_for  # see the package's docstring

    return engine_for(cloud)


@dataclass
class Session:
    """What one run of the command line works with. A test gives its own engines."""

    engine_for: Callable[[Cloud], Engine] = field(default=_engine_for)
    debug: bool = False


def project_dir(given: Path | None) -> Path:
    """Return the project's folder.

    Raises:
        UsageError: there is none.
    """
    from mlops_infra.project import find_project_dir

    if given is not None and not given.is_dir():
        raise UsageError(f"no such folder: {given}", hint="-C/--project-dir names a project")
    return find_project_dir(given or Path.cwd())


def cloud(name: str) -> Cloud | None:
    """Return the cloud of that name, or None where none was named.

    Raises:
        UsageError: there is no such cloud.
    """
    from mlops_infra.config.models import Cloud

    if not name:
        return None
    try:
        return Cloud(name)
    except ValueError as error:
        near = get_close_matches(name, list(Cloud), n=1)
        meant = f", did you mean '{near[0]}'?" if near else ""
        raise UsageError(f"no cloud '{name}'{meant}; allowed: {', '.join(Cloud)}") from error


def target(env: str, cloud_name: str, folder: Path | None) -> Target:
    """Return what the options name.

    Raises:
        UsageError, ConfigError: they name nothing that can be deployed.
    """
    from mlops_infra import operations

    if not env:
        raise UsageError("no environment named", hint="add -e NAME, or set MLOPS_INFRA_ENV")
    return operations.find_target(project_dir(folder), env, cloud(cloud_name))


def resolve(
    ctx: typer.Context, env: str, cloud_name: str, folder: Path | None
) -> tuple[Target, Engine]:
    """Return what the options name, and the engine that carries it out."""
    found = target(env, cloud_name, folder)
    return found, ctx.obj.engine_for(found.cloud)
