"""The server image: built from `stacks/image`, or the prebuilt one that the file names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pulumi
from pulumi_azure_native import containerregistry

from mlops_infra.images import content

if TYPE_CHECKING:
    from stacks.azure.groups import Groups
    from stacks.azure.identities import Identities
    from stacks.azure.names import Names

CONTEXT = Path(__file__).parents[1] / "image"
REPOSITORY = "mlflow-server"


class Image(pulumi.ComponentResource):
    """An image by reference, and the registry it is in where it is ours.

    One that is built is tagged by its content, so a plan knows the reference before anything is
    there.
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
        self.built: dict[str, Path] = {}
        self.reference = names.environment.image
        self.ready: list[pulumi.Resource] = []
        if names.environment.image == "build":
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
            self.reference = f"{names.registry}.azurecr.io/{REPOSITORY}:{content(CONTEXT)}"
            self.built = {self.reference: CONTEXT}
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
