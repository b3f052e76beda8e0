"""What builds the images on this machine, where the file says `image: build`."""

from __future__ import annotations

import os
import shutil

from mlops_infra.engines import process
from mlops_infra.errors import PrerequisiteError

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


def _works(name: str) -> bool:
    """Return whether a builder is there; Docker's `version` fails without its daemon."""
    return bool(shutil.which(name)) and process.exit_code([name, "version"], env=os.environ) == 0
