"""What must be there before the first deploy: Pulumi's state, the key to it, and whom CI is.

Whoever makes them is let in: an owner of a subscription may make both, and read neither.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit
from uuid import NAMESPACE_URL, uuid5

import pulumi
import pulumi_azure_native as azure_native
from pulumi_azure_native import authorization, keyvault, resources, storage

from mlops_infra.errors import UsageError
from stacks.azure.deployer import BLOB_DATA_CONTRIBUTOR, CRYPTO_USER, Deployer
from stacks.azure.names import Names

if TYPE_CHECKING:
    from mlops_infra.config.models import Environment

CONTAINER, KEY = "azblob://", "azurekeyvault://"
KEPT_DAYS = 90
"""How long a deleted or overwritten state, vault or key can be brought back."""
STAYS = pulumi.ResourceOptions(ignore_changes=["location"])
"""Environments in other locations share it: it is where the first made it, and moves nowhere."""


def program(environment: Environment) -> None:
    """Declare the container and the key that the file names, whichever of both are Azure's.

    They are in a resource group that is called as the storage account, else as the vault. Where it
    names a repository, also as whom that deploys; `ci_variables` are what it needs.

    Raises:
        UsageError: an address names no account, container, vault or key.
    """
    names = Names(environment=environment)
    state = names.azure.state
    account, container = _container(state.url)
    vault, key = _key(state.secrets_provider)
    if not account and not vault and not environment.ci:
        return
    made = Bootstrap(names=names, group=account or vault or names.deployer)
    made.make(account, container, vault, key)


def _container(url: str) -> tuple[str, str]:
    """Return account and container; empty where the state is elsewhere."""
    if not url.startswith(CONTAINER):
        return "", ""
    found = urlsplit(url)
    accounts = parse_qs(found.query).get("storage_account", [])
    account = accounts[0] if accounts else os.environ.get("AZURE_STORAGE_ACCOUNT", "")
    if not account or not found.netloc:
        raise UsageError(
            f"azure.state.url names no storage account: {url}",
            hint=f"{CONTAINER}CONTAINER?storage_account=ACCOUNT",
        )
    return account, found.netloc


def _key(url: str) -> tuple[str, str]:
    """Return vault and key; empty where the secrets are encrypted otherwise."""
    if not url.startswith(KEY):
        return "", ""
    found = urlsplit(url)
    vault, path = found.netloc.partition(".")[0], found.path.split("/")
    if not vault or path[:2] != ["", "keys"] or len(path) != len(["", "keys", "KEY"]):
        raise UsageError(
            f"azure.state.secrets_provider names no key: {url}",
            hint=f"{KEY}VAULT.vault.azure.net/keys/KEY",
        )
    return vault, path[2]


class Bootstrap:
    """The parts, each by the name that the file has for it, so that a second run finds them."""

    def __init__(self, *, names: Names, group: str) -> None:
        self._names, self._group = names, group
        self._tags = {"project": names.environment.project}  # environments share it
        provider = azure_native.Provider("azure", subscription_id=names.azure.subscription_id)
        made = resources.ResourceGroup(
            "group",
            resource_group_name=group,
            location=names.location,
            tags=self._tags,
            opts=pulumi.ResourceOptions.merge(pulumi.ResourceOptions(provider=provider), STAYS),
        )
        self._opts = pulumi.ResourceOptions(provider=provider, depends_on=[made])
        self._client = authorization.get_client_config_output(
            opts=pulumi.InvokeOptions(provider=provider)
        )

        self._deployer: Deployer | None = None
        if names.environment.ci:
            self._deployer = Deployer(
                names=names, group=group, tenant=self._client.tenant_id, opts=self._opts
            )
            pulumi.export("ci_variables", self._deployer.variables)

    def make(self, account: str, container: str, vault: str, key: str) -> None:
        """Declare what has a name."""
        if account:
            self._store(account, container)
        if vault:
            self._secrets(vault, key)

    def _store(self, account: str, container: str) -> None:
        made = storage.StorageAccount(
            "state",
            resource_group_name=self._group,
            account_name=account,
            location=self._names.location,
            kind=storage.Kind.STORAGE_V2,
            sku=storage.SkuArgs(name=storage.SkuName.STANDARD_ZRS),
            enable_https_traffic_only=True,
            minimum_tls_version=storage.MinimumTlsVersion.TLS1_2,
            allow_blob_public_access=False,
            allow_shared_key_access=False,
            default_to_o_auth_authentication=True,
            tags=self._tags,
            opts=pulumi.ResourceOptions.merge(self._opts, STAYS),
        )
        undelete = storage.DeleteRetentionPolicyArgs(enabled=True, days=KEPT_DAYS)
        settings = storage.BlobServiceProperties(
            "recovery",
            resource_group_name=self._group,
            account_name=account,
            blob_services_name="default",
            is_versioning_enabled=True,
            delete_retention_policy=undelete,
            container_delete_retention_policy=undelete,
            opts=self._after(made),
        )
        kept = storage.BlobContainer(
            "container",
            resource_group_name=self._group,
            account_name=account,
            container_name=container,
            public_access=storage.PublicAccess.NONE,
            opts=self._after(settings),
        )
        scope = self._id(f"Microsoft.Storage/storageAccounts/{account}")
        self._let_in("reader", scope=scope, role=BLOB_DATA_CONTRIBUTOR, after=made)
        if self._deployer:
            within = f"{scope}/blobServices/default/containers/{container}"
            self._deployer.let_into(kept, within)

    def _secrets(self, vault: str, key: str) -> None:
        made = keyvault.Vault(
            "vault",
            resource_group_name=self._group,
            vault_name=vault,
            location=self._names.location,
            properties=keyvault.VaultPropertiesArgs(
                tenant_id=self._client.tenant_id,
                sku=keyvault.SkuArgs(family=keyvault.SkuFamily.A, name=keyvault.SkuName.STANDARD),
                enable_rbac_authorization=True,
                enable_soft_delete=True,
                soft_delete_retention_in_days=KEPT_DAYS,
                enable_purge_protection=True,  # with the key all secrets of all states would go
                public_network_access="Enabled",
            ),
            tags=self._tags,
            opts=pulumi.ResourceOptions.merge(self._opts, STAYS),
        )
        pair = keyvault.Key(
            "key",
            resource_group_name=self._group,
            vault_name=vault,
            key_name=key,
            # Not rotated: Pulumi decrypts with the newest version alone.
            properties=keyvault.KeyPropertiesArgs(
                kty=keyvault.JsonWebKeyType.RSA,
                key_size=3072,
                key_ops=[
                    keyvault.JsonWebKeyOperation.ENCRYPT,
                    keyvault.JsonWebKeyOperation.DECRYPT,
                ],
            ),
            tags=self._tags,
            opts=self._after(made),
        )
        scope = self._id(f"Microsoft.KeyVault/vaults/{vault}")
        self._let_in("user", scope=scope, role=CRYPTO_USER, after=made)
        if self._deployer:
            self._deployer.let_use(pair, f"{scope}/keys/{key}")

    def _let_in(self, name: str, *, scope: str, role: str, after: pulumi.Resource) -> None:
        """Give a role to whoever runs this."""
        roles = f"{self._names.subscription}/providers/Microsoft.Authorization/roleDefinitions"
        authorization.RoleAssignment(
            name,
            scope=scope,
            role_assignment_name=self._client.object_id.apply(
                lambda who: str(uuid5(NAMESPACE_URL, f"{scope}/{role}/{who}"))
            ),
            principal_id=self._client.object_id,
            role_definition_id=f"{roles}/{role}",
            opts=self._after(after),
        )

    def _after(self, *made: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions.merge(self._opts, pulumi.ResourceOptions(depends_on=made))

    def _id(self, path: str) -> str:
        return f"{self._names.subscription}/resourceGroups/{self._group}/providers/{path}"
