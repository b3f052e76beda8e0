"""The folder that a project is made in: whether it can be, and what it has already."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from mlops_infra.engines import process
from mlops_infra.errors import InfraError, UsageError
from mlops_infra.project import ENVIRONMENTS

if TYPE_CHECKING:
    from pathlib import Path

GITHUB = re.compile(r"[/@]github\.com[/:]([^/]+/[^/]+?)(?:\.git)?/?$")


def require_place(folder: Path) -> None:
    """See that a project can be in `folder`, which need not be there yet.

    Raises:
        UsageError: it is a file, or inside another project.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file, and a project is a folder")
    for parent in folder.resolve().parents:
        with suppress(PermissionError):  # a folder that is closed to us is no project of ours
            if any((parent / ENVIRONMENTS).glob("*.yaml")):
                raise UsageError(
                    f"{folder.resolve()} is inside the project {parent}",
                    hint=f"mlops-infra init {parent}",
                )


def has_stacks(folder: Path) -> bool:
    """Whether the project in `folder` has stack code of its own."""
    return (folder / "stacks" / "__init__.py").exists()


def root_above(folder: Path) -> Path | None:
    """Return the root of the Git repository that `folder` is in and is not itself, if any."""
    here = folder.resolve()
    root = next((each for each in (here, *here.parents) if (each / ".git").exists()), here)
    return None if root == here else root


def github_origin(folder: Path) -> str:
    """Return owner/name of the GitHub repository that `folder` was cloned from, if it was."""
    try:
        url = process.run(["git", "-C", str(folder), "remote", "get-url", "origin"], env=os.environ)
    except InfraError:
        return ""
    found = GITHUB.search(url.strip())
    return found[1] if found else ""


def lacks_cdk(folder: Path) -> bool:
    """Whether `package.json` names a command line of the CDK that is not there."""
    is_there = (folder / "node_modules/.bin/cdk").exists()
    return not is_there and (folder / "package.json").exists()


def install_cdk(folder: Path) -> str:
    """Install it; return why that could not be done: the project is there all the same."""
    words = ("--silent", "--no-audit", "--no-fund", "--prefix", str(folder))
    try:
        process.run(["npm", "install", *words], env=os.environ)
    except InfraError as error:
        return error.message
    return ""
