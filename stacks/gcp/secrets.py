"""Secrets: made here, held by Secret Manager, read by the server alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_gcp as gcp
import pulumi_random as random

if TYPE_CHECKING:
    from stacks.gcp.identity import Identity
    from stacks.gcp.names import Names
    from stacks.gcp.services import Services

PASSWORD_LENGTH = 40


@dataclass(frozen=True, kw_only=True)
class Held:
    """Something in Secret Manager that the server may read."""

    value: pulumi.Input[str]
    secret: gcp.secretmanager.Secret
    version: gcp.secretmanager.SecretVersion
    grant: gcp.secretmanager.SecretIamMember
    """What the server cannot read it without."""


class Secrets(pulumi.ComponentResource):
    """The environment's secrets, in its own region, each with a policy of its own."""

    def __init__(
        self,
        name: str,
        *,
        names: Names,
        services: Services,
        identity: Identity,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("mlops:gcp:Secrets", name, None, opts)
        self._names, self._services, self._identity = names, services, identity
        self.register_outputs({})

    def generate(self, name: str, *, is_kept: bool = False) -> Held:
        """Make a password, and hold it; `is_kept`: beyond a teardown, for what a backup needs."""
        password = random.RandomPassword(
            name,
            length=PASSWORD_LENGTH,
            special=False,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return self.hold(name, password.result, is_kept=is_kept)

    def hold(self, name: str, value: pulumi.Input[str], *, is_kept: bool = False) -> Held:
        """Hold `value`, which is kept a secret on the way there."""
        secret = gcp.secretmanager.Secret(
            name,
            secret_id=f"{self._names.base}-{name}",
            replication=gcp.secretmanager.SecretReplicationArgs(
                user_managed=gcp.secretmanager.SecretReplicationUserManagedArgs(
                    replicas=[
                        gcp.secretmanager.SecretReplicationUserManagedReplicaArgs(
                            location=self._names.gcp.region
                        )
                    ]
                )
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[self._services["secretmanager"]],
                retain_on_delete=is_kept,
            ),
        )
        version = gcp.secretmanager.SecretVersion(
            name,
            secret=secret.id,
            secret_data=pulumi.Output.secret(value),
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=is_kept),
        )
        grant = gcp.secretmanager.SecretIamMember(
            name,
            secret_id=secret.id,
            role="roles/secretmanager.secretAccessor",
            member=self._identity.member,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return Held(value=value, secret=secret, version=version, grant=grant)
