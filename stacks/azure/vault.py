"""The secrets: generated here, held in a Key Vault, read from there by the platform alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_random as random
from pulumi_azure_native import authorization, keyvault

if TYPE_CHECKING:
    from pulumi_azure_native.resources import ResourceGroup

    from stacks.azure.names import Names

LENGTH = 40
DAYS = {False: 7, True: 90}
"""How long a deleted vault can be recovered, and its name is taken; protected or not."""


@dataclass(frozen=True, kw_only=True)
class Password:
    """A generated secret, and where it is held."""

    name: str
    value: pulumi.Output[str]
    url: str
    """Of its newest version: a new one is taken up without a deploy."""
    secret: keyvault.Secret


class Vault(pulumi.ComponentResource):
    """A vault whose secrets each have their own readers.

    Anybody may knock: an operator reads the administrator's password from where he is, with a role
    on that secret. No role on the vault is given to anybody here.
    """

    def __init__(
        self,
        name: str,
        *,
        names: Names,
        group: ResourceGroup,
        recover: bool,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("mlops:azure:Vault", name, opts=opts)
        self._names, self._group, protected = names, group.name, names.environment.protected
        # id is a contract: renaming replaces the vault, whose name then is taken for `DAYS`
        self.vault = keyvault.Vault(
            "vault",
            resource_group_name=group.name,
            vault_name=names.vault,
            location=names.location,
            properties=keyvault.VaultPropertiesArgs(
                # Not the identities': the vault would keep them from being torn down.
                tenant_id=authorization.get_client_config_output(
                    opts=pulumi.InvokeOptions(parent=self)
                ).tenant_id,
                sku=keyvault.SkuArgs(family=keyvault.SkuFamily.A, name=keyvault.SkuName.STANDARD),
                create_mode=keyvault.CreateMode.RECOVER if recover else None,
                enable_rbac_authorization=True,
                enable_soft_delete=True,
                soft_delete_retention_in_days=DAYS[protected],
                # Protected or not: it cannot be switched off, and a deploy takes the vault back.
                enable_purge_protection=True,
                public_network_access="Enabled",
            ),
            tags=names.tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=protected,
                retain_on_delete=True,
                # How it came to be, and how long it lingers, cannot be changed afterwards.
                ignore_changes=["properties.createMode", "properties.softDeleteRetentionInDays"],
            ),
        )
        self.register_outputs({})

    def password(self, name: str) -> Password:
        """Generate a secret and put it into the vault; it is secret in the state, too."""
        generated = random.RandomPassword(
            name,
            length=LENGTH,
            special=False,
            # PostgreSQL on Azure wants three kinds of characters.
            min_lower=1,
            min_upper=1,
            min_numeric=1,
            opts=pulumi.ResourceOptions(parent=self),
        )
        value = pulumi.Output.secret(generated.result)
        secret = keyvault.Secret(
            f"{name}-secret",
            resource_group_name=self._group,
            vault_name=self.vault.name,
            secret_name=name,
            properties=keyvault.SecretPropertiesArgs(value=value),
            tags=self._names.tags,
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
        url = f"https://{self._names.vault}.vault.azure.net/secrets/{name}"
        return Password(name=name, value=value, url=url, secret=secret)
