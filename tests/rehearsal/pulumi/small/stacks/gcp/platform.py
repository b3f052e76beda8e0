"""A server, a database and a bucket: enough for everything that an engine has to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_gcp as gcp
import pulumi_random as random

from mlops_infra.server import MLFLOW_VERSION

if TYPE_CHECKING:
    from mlops_infra.config.models import Environment
    from mlops_infra.model import Publish


def program(environment: Environment, *, publish: Publish | None = None) -> None:
    """Declare one environment, of images that are there."""
    del publish
    assert environment.gcp
    name, region = f"{environment.project}-{environment.name}", environment.gcp.region
    google = gcp.Provider("google", project=environment.gcp.project, region=region)
    inside = pulumi.ResourceOptions(provider=google)
    kept = pulumi.ResourceOptions(
        provider=google, retain_on_delete=True, protect=environment.protected
    )
    admin = random.RandomPassword(
        "admin-password", length=24, opts=pulumi.ResourceOptions(retain_on_delete=True)
    )  # the kept database knows it
    bucket = gcp.storage.Bucket("artifacts", name=f"{name}-artifacts", location="EU", opts=kept)
    instance = gcp.sql.DatabaseInstance(
        "database",
        name=name,
        region=region,
        database_version="POSTGRES_17",
        root_password=random.RandomPassword("database-password", length=24).result,
        deletion_protection=environment.protected,
        settings=gcp.sql.DatabaseInstanceSettingsArgs(
            tier={"micro": "db-f1-micro"}.get(environment.database.size, "db-g1-small"),
            disk_size=environment.database.storage_gib,
        ),
        opts=kept,
    )
    gcp.sql.Database("mlflow", name="mlflow", instance=instance.name, opts=kept)
    server = gcp.cloudrunv2.Service(
        "server",
        name=name,
        location=region,
        deletion_protection=False,
        template=gcp.cloudrunv2.ServiceTemplateArgs(
            containers=[
                gcp.cloudrunv2.ServiceTemplateContainerArgs(
                    image=environment.image,
                    envs=[
                        gcp.cloudrunv2.ServiceTemplateContainerEnvArgs(
                            name="ADMIN", value=admin.result
                        ),
                        gcp.cloudrunv2.ServiceTemplateContainerEnvArgs(
                            name="DATABASE", value=instance.connection_name
                        ),
                    ],
                )
            ]
        ),
        opts=inside,
    )
    pulumi.export("tracking_uri", server.uri)
    pulumi.export("artifact_uri", bucket.url)
    pulumi.export("health_url", pulumi.Output.concat(server.uri, "/health"))
    pulumi.export("mlflow_version", MLFLOW_VERSION)
