"""Whether the server's image can be had, before anything is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_infra.engines.builder import found_builder, require_builder

if TYPE_CHECKING:
    from collections.abc import Iterable

    import boto3


def holds_images(session: boto3.Session, repository: str) -> bool:
    """Return whether anything has been published, by this environment or by another one."""
    registry: Any = session.client("ecr")
    try:
        return bool(registry.describe_images(repositoryName=repository)["imageDetails"])
    except registry.exceptions.RepositoryNotFoundException:
        return False


def check_builder(images: Iterable[tuple[str, str]], session: boto3.Session) -> None:
    """See that each image, a repository and a tag, has been published or can be built.

    Raises:
        PrerequisiteError: one cannot.
    """
    if not found_builder() and not all(_is_published(session, *image) for image in images):
        require_builder()


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
