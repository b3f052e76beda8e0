"""What builds the server's image, where the file says `image: build`."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

from mlops_infra.errors import PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import boto3

BUILDERS = ("docker", "podman", "buildah")
"""They take the same words; the first that is installed is used."""


def found_builder() -> str:
    """Return what `CDK_DOCKER` names, or else the first builder that is installed, or nothing."""
    wanted = os.environ.get("CDK_DOCKER")
    candidates = (wanted,) if wanted else BUILDERS
    return next((name for name in candidates if shutil.which(name)), "")


def check_builder(images: Iterable[tuple[str, str]], session: boto3.Session) -> None:
    """See that each image, a repository and a tag, has been published or can be built.

    Raises:
        PrerequisiteError: one cannot.
    """
    if found_builder() or all(_is_published(session, *image) for image in images):
        return
    names = os.environ.get("CDK_DOCKER") or ", ".join(BUILDERS)
    raise PrerequisiteError(
        f"nothing builds the server's image: {names} not installed",
        hint="apt install podman, or set CDK_DOCKER to what you have, or name a prebuilt image in "
        "the file's 'image'",
    )


def _is_published(session: boto3.Session, repository: str, tag: str) -> bool:
    registry: Any = session.client("ecr")
    try:
        registry.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except (
        registry.exceptions.ImageNotFoundException,
        registry.exceptions.RepositoryNotFoundException,
    ):
        return False
    return True
