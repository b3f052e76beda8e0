"""What builds the images on this machine, where the file says `image: build`."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from mlops_infra.engines import process
from mlops_infra.errors import InfraError, PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Callable

BUILD = "build"
"""What the file's `image` says where it is not prebuilt."""

BUILDERS = ("docker", "podman", "buildah")
"""They take the same words; the first that works is used."""


def found_builder() -> str:
    """Return what `CDK_DOCKER` names, or else the first builder that works, or nothing.

    The variable is the CDK's, and is heeded on every cloud.
    """
    wanted = os.environ.get("CDK_DOCKER")
    candidates = (wanted,) if wanted else BUILDERS
    return next((name for name in candidates if _works(name)), "")


def require_builder() -> str:
    """Return the builder.

    Raises:
        PrerequisiteError: there is none.
    """
    found = found_builder()
    if found:
        return found
    names = os.environ.get("CDK_DOCKER") or ", ".join(BUILDERS)
    raise PrerequisiteError(
        f"nothing builds the server's image: {names} not installed, or its daemon not running",
        hint="apt install podman, or set CDK_DOCKER to what you have, or name a prebuilt image in "
        "the file's 'image'",
    )


def tell_builder(image: str, *, may_be_published: Callable[[], bool]) -> str:
    """Return what builds the image that the file asks for, before anybody knows its tag.

    Raises:
        PrerequisiteError: nothing does, and the image cannot have been published.
        InfraError: nothing does, and it may have been.
    """
    if image != BUILD:
        return "not needed: the image is prebuilt"
    try:
        return require_builder()
    except PrerequisiteError as error:
        if not may_be_published():
            raise
        raise InfraError(
            f"{error.message}; needed unless this very image has been published", hint=error.hint
        ) from error


def _works(name: str) -> bool:
    """Return whether a builder is there; Docker's `version` fails without its daemon."""
    return bool(shutil.which(name)) and process.exit_code([name, "version"], env=os.environ) == 0
