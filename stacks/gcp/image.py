"""The images: MLflow's of every cloud, and the front that speaks HTTP/2 before it.

The front is an image of its own: AWS and Azure need none, and a server image that the file names
may be anybody's, without one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pulumi
import pulumi_gcp as gcp

from mlops_infra.images import content

if TYPE_CHECKING:
    from stacks.gcp.names import Names
    from stacks.gcp.services import Services

SERVER = Path(__file__).parents[1] / "image"
FRONT = Path(__file__).with_name("front")
KEPT_VERSIONS = 10


class Images(pulumi.ComponentResource):
    """A repository, and what is in it, by references that a plan knows before anything is there.

    An image is tagged by its files' content, and no tag can be moved: equal files are equal images.
    """

    def __init__(
        self, name: str, *, names: Names, services: Services, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("mlops:gcp:Images", name, None, opts)
        wanted = names.environment.image
        self.built = {f"{names.registry}/front:{content(FRONT)}": FRONT}
        (self.front,) = self.built
        self.server = wanted
        if wanted == "build":
            self.server = f"{names.registry}/server:{content(SERVER)}"
            self.built[self.server] = SERVER
        self.repository = gcp.artifactregistry.Repository(
            "repository",
            repository_id=names.base,
            location=names.gcp.region,
            format="DOCKER",
            docker_config=gcp.artifactregistry.RepositoryDockerConfigArgs(immutable_tags=True),
            cleanup_policies=[
                gcp.artifactregistry.RepositoryCleanupPolicyArgs(
                    id="keep-recent",
                    action="KEEP",
                    most_recent_versions=gcp.artifactregistry.RepositoryCleanupPolicyMostRecentVersionsArgs(
                        keep_count=KEPT_VERSIONS
                    ),
                ),
                gcp.artifactregistry.RepositoryCleanupPolicyArgs(
                    id="delete-old",
                    action="DELETE",
                    condition=gcp.artifactregistry.RepositoryCleanupPolicyConditionArgs(
                        tag_state="ANY", older_than="2592000s"
                    ),
                ),
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[services["artifactregistry"]]),
        )
        self.register_outputs({})
