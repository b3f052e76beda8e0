"""Commands about files: `validate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlops_infra.cli import options, render
from mlops_infra.cli.options import ProjectDir
from mlops_infra.errors import ConfigError


def validate(
    files: Annotated[list[Path] | None, typer.Argument(help="Files; without any, all.")] = None,
    *,
    folder: ProjectDir = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON schema.")] = False,
) -> None:
    """Check environment files; all mistakes at once."""
    from mlops_infra.config import loader

    if schema:
        from mlops_infra.config.schema import environment_schema

        render.show_json(environment_schema())
        return
    found = files or loader.environment_files(options.project_dir(folder))
    problems = []
    for file in found:
        _, mistakes = loader.check_file(file)
        problems += mistakes
        render.say(
            f"{render.nearby(str(file))}: {'ok' if not mistakes else f'{len(mistakes)} to mend'}"
        )
    if problems:
        raise ConfigError(problems)
