"""Finds what belongs to a project: its folder, and the stack code that it deploys with."""

from __future__ import annotations

import importlib
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_infra.errors import UsageError

if TYPE_CHECKING:
    from types import ModuleType

ENVIRONMENTS = "environments"


def find_project_dir(start: Path) -> Path:
    """Return the nearest folder, from `start` upwards, that holds `environments/`.

    Raises:
        UsageError: there is none.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        with suppress(PermissionError):  # a folder that is closed to us is no project of ours
            if (folder / ENVIRONMENTS).is_dir():
                return folder
    raise UsageError(
        f"no folder '{ENVIRONMENTS}' in {start} or above it",
        hint="go to your project, name it with -C/--project-dir, or make one: mlops-infra init",
    )


def stacks_dir(project_dir: Path) -> Path:
    """Return the folder `stacks` that counts for `project_dir`: its own, else the shipped one."""
    own = project_dir / "stacks"
    return own if (own / "__init__.py").is_file() else shipped("stacks")


def shipped(name: str) -> Path:
    """Return a file or folder of the repository that comes with the package."""
    package = Path(__file__).parent
    in_wheel = package / "shipped"
    return (in_wheel if in_wheel.is_dir() else package.parents[1]) / name


def load_stack(project_dir: Path, cloud: str, module: str = "platform") -> ModuleType:
    """Import `stacks.<cloud>.<module>`, from the project's own folder where it has one."""
    root = str(stacks_dir(project_dir).parent)
    if root not in sys.path:
        sys.path.insert(0, root)
    return importlib.import_module(f"stacks.{cloud}.{module}")
