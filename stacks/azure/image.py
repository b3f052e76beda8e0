"""The server image: built from `stacks/image`, or the prebuilt one that the file names."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi
from pulumi_azure_native import containerregistry

if TYPE_CHECKING:
    from mlops_infra.model import Publish
    from stacks.azure.groups import Groups
    from stacks.azure.identities import Identities
    from stacks.azure.names import Names

CONTEXT = Path(__file__).parents[1] / "image"
REPOSITORY = "mlflow-server"


class Image(pulumi.ComponentResource):
    """An image by reference, and the registry it is in where it is ours.

    One that is built is tagged by its content: equal files are equal images, and a plan knows the
    reference before anything is there.
    """

    def __init__(
        self,
        name: str,
        *,
        names: Names,
        groups: Groups,
        identities: Identities,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("mlops:azure:Image", name, opts=opts)
        self.is_built = names.environment.image == "build"
        self.reference = names.environment.image
        self.ready: list[pulumi.Resource] = []
        if self.is_built:
            registry = containerregistry.Registry(
                "registry",
                resource_group_name=groups.compute.name,
                registry_name=names.registry,
                location=names.location,
                sku=containerregistry.SkuArgs(name=containerregistry.SkuName.BASIC),
                admin_user_enabled=False,
                anonymous_pull_enabled=False,
                tags=names.tags,
                opts=pulumi.ResourceOptions(parent=self),
            )
            self.reference = f"{names.registry}.azurecr.io/{REPOSITORY}:{content()}"
            self.ready = [
                identities.allow(
                    "pull-image",
                    identity=identities.starter,
                    role="AcrPull",
                    scope=registry.id,
                    scope_key=names.registry,
                )
            ]
        self.register_outputs({})

    @property
    def registry(self) -> str | None:
        """The host of an Azure registry, where the platform has to sign in."""
        host = self.reference.split("/", 1)[0]
        return host if host.endswith(".azurecr.io") else None

    def pushed_by(self, publish: Publish | None) -> pulumi.ResourceHookBinding | None:
        """Return what pushes the image, where it is built, before a server is made of it."""
        if not self.is_built:
            return None
        if publish is None:  # by hand
            pulumi.log.info(f"not built here: deploy once before, or push it: {self.reference}")
            return None
        push = publish(self.reference, CONTEXT)
        hook = pulumi.ResourceHook("push-images", lambda _: push())
        return pulumi.ResourceHookBinding(before_create=[hook], before_update=[hook])


def content() -> str:
    """Return what tells this image's files from any others."""
    digest = sha256()
    for path in sorted(each for each in CONTEXT.iterdir() if each.is_file()):
        digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:20]
