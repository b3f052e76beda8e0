"""Who the server is: a service account without a key, that starts with no rights at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_gcp as gcp

if TYPE_CHECKING:
    from stacks.gcp.names import Names
    from stacks.gcp.services import Services


class Identity(pulumi.ComponentResource):
    """The account; each part of the platform lets it use just its own things."""

    def __init__(
        self, name: str, *, names: Names, services: Services, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("mlops:gcp:Identity", name, None, opts)
        self.account = gcp.serviceaccount.Account(
            "server",
            account_id=names.account,
            display_name=f"MLflow server of {names.base}",
            opts=pulumi.ResourceOptions(parent=self, depends_on=[services["iam"]]),
        )
        self.register_outputs({})

    @property
    def member(self) -> pulumi.Output[str]:
        """The account as a policy names it."""
        return self.account.member
