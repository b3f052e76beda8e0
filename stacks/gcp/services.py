"""The APIs that the project needs; a teardown leaves them on, for others may use them."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

APIS = (
    "artifactregistry",
    "certificatemanager",
    "compute",
    "iam",
    "logging",
    "monitoring",
    "run",
    "secretmanager",
    "servicenetworking",
    "sqladmin",
    "storage",
)
"""`cloudresourcemanager` and `serviceusage` must be on before anything can ask for these."""


class Services(pulumi.ComponentResource):
    """One resource an API, for what needs it to depend on."""

    def __init__(self, name: str, *, opts: pulumi.ResourceOptions) -> None:
        super().__init__("mlops:gcp:Services", name, None, opts)
        self._apis = {
            api: gcp.projects.Service(
                api,
                service=f"{api}.googleapis.com",
                disable_on_destroy=False,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for api in APIS
        }
        self.register_outputs({})

    def __getitem__(self, api: str) -> pulumi.Resource:
        """What to depend on so that an API is on first."""
        return self._apis[api]
