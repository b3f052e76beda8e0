"""Logs, and how long they are kept: the environment's own, in a bucket of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_gcp as gcp

if TYPE_CHECKING:
    from stacks.gcp.names import Names
    from stacks.gcp.services import Services

KEEP_DAYS = {True: 90, False: 14}
"""Protected or not. The project's own bucket `_Default` keeps a copy for 30 days."""


class Logs(pulumi.ComponentResource):
    """A log bucket, and what goes there: logs of the server, its database, network and front door.

    A deleted log bucket blocks its name for a week, so a teardown leaves it, and what is in it
    expires; the next deploy takes it back, as the provider does with one that is there.
    """

    def __init__(
        self, name: str, *, names: Names, services: Services, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("mlops:gcp:Logs", name, None, opts)
        gcp_project, region = names.gcp.project, names.gcp.region
        self.bucket = gcp.logging.ProjectBucketConfig(
            "bucket",
            project=gcp_project,
            location=region,
            bucket_id=names.base,
            retention_days=KEEP_DAYS[names.environment.protected],
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[services["logging"]], retain_on_delete=True
            ),
        )
        self.sink = gcp.logging.ProjectSink(
            "sink",
            name=names.base,
            destination=pulumi.Output.concat("logging.googleapis.com/", self.bucket.id),
            filter=" OR ".join(f"({each})" for each in _sources(names)),
            unique_writer_identity=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def _sources(names: Names) -> list[str]:
    """Return what each part of the environment calls itself in its logs."""
    wanted = {
        "cloud_run_revision": {"service_name": names.base, "location": names.gcp.region},
        "cloudsql_database": {"database_id": f"{names.gcp.project}:{names.database}"},
        "gce_subnetwork": {"subnetwork_name": names.base, "location": names.gcp.region},
        "http_load_balancer": {"backend_service_name": names.base},
        "internal_http_lb_rule": {"url_map_name": names.base, "region": names.gcp.region},
    }
    return [
        " AND ".join(
            [
                f'resource.type="{kind}"',
                *(f'resource.labels.{key}="{value}"' for key, value in labels.items()),
            ]
        )
        for kind, labels in wanted.items()
    ]
