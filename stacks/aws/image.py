"""The server image: built from `stacks/image`, or the prebuilt one that the file names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as assets
from aws_cdk import aws_ecs as ecs

if TYPE_CHECKING:
    from constructs import Construct

    from mlops_infra.config.models import Environment

CONTEXT = Path(__file__).parents[1] / "image"
IN_ECR = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/"
    r"(?P<name>[^:@]+)(?::[^@]+)?[:@](?P<version>.+)"
)


def server_image(scope: Construct, environment: Environment) -> ecs.ContainerImage:
    """Return the image; one that is built is tagged by its content, so equal files are equal."""
    if environment.image == "build":
        asset = assets.DockerImageAsset(
            scope,
            "Image",
            directory=str(CONTEXT),
            platform=assets.Platform.LINUX_AMD64,
            asset_name="mlflow-server",
        )
        return ecs.ContainerImage.from_docker_image_asset(asset)
    found = IN_ECR.fullmatch(environment.image)
    if found is None:
        return ecs.ContainerImage.from_registry(environment.image)
    # Only by its repository can the tasks be allowed to pull it.
    repository = ecr.Repository.from_repository_attributes(
        scope,
        "Image",
        repository_name=found["name"],
        repository_arn="arn:aws:ecr:{region}:{account}:repository/{name}".format(
            **found.groupdict()
        ),
    )
    return ecs.ContainerImage.from_ecr_repository(repository, found["version"])
