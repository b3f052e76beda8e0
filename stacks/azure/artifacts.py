"""The artifact store: a private storage account that outlives its stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_azure_native import storage

from stacks.azure.names import CONTAINER

if TYPE_CHECKING:
    from stacks.azure.groups import Groups
    from stacks.azure.names import Names
    from stacks.azure.network import Network

PREFIX = "artifacts"


class Artifacts(pulumi.ComponentResource):
    """A container of blobs: TLS only, no keys, closed to the public, kept by a teardown.

    A deleted or overwritten file can be recovered for the file's days by soft delete. Versioning
    could not keep that promise: its rules count from when a version was written, so a model of last
    year that is overwritten today would be gone tomorrow.
    """

    def __init__(
        self,
        name: str,
        *,
        names: Names,
        groups: Groups,
        network: Network,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("mlops:azure:Artifacts", name, opts=opts)
        self._names = names
        kept = pulumi.ResourceOptions(
            parent=self, protect=names.environment.protected, retain_on_delete=True
        )
        # id is a contract: renaming replaces the account
        self.account = self._account(groups, kept)
        settings = self._settings(groups)
        self.container = storage.BlobContainer(
            "container",
            resource_group_name=groups.data.name,
            account_name=self.account.name,
            container_name=CONTAINER,
            public_access=storage.PublicAccess.NONE,
            opts=pulumi.ResourceOptions.merge(kept, pulumi.ResourceOptions(depends_on=[settings])),
        )
        self.endpoint = network.connect(
            "artifacts",
            target=self.account.id,
            kind="blob",
            domain="privatelink.blob.core.windows.net",
            after=self.container,
        )
        groups.lock(
            "artifacts",
            data=self.account.id,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.endpoint]),
        )
        self.register_outputs({})

    @property
    def uri(self) -> str:
        """Where MLflow puts artifacts."""
        return f"wasbs://{CONTAINER}@{self._names.storage_account}.blob.core.windows.net/{PREFIX}"

    def _account(self, groups: Groups, kept: pulumi.ResourceOptions) -> storage.StorageAccount:
        protected = self._names.environment.protected
        is_direct = self._names.environment.artifacts.access == "direct"
        reach = storage.PublicNetworkAccess
        return storage.StorageAccount(
            "artifacts",
            resource_group_name=groups.data.name,
            account_name=self._names.storage_account,
            location=self._names.location,
            kind=storage.Kind.STORAGE_V2,
            sku=storage.SkuArgs(
                name=storage.SkuName.STANDARD_ZRS if protected else storage.SkuName.STANDARD_LRS
            ),
            access_tier=storage.AccessTier.HOT,
            enable_https_traffic_only=True,
            minimum_tls_version=storage.MinimumTlsVersion.TLS1_2,
            allow_blob_public_access=False,
            allow_shared_key_access=False,
            allow_cross_tenant_replication=False,
            default_to_o_auth_authentication=True,
            # Clients with credentials of their own come from anywhere; else only the server does.
            public_network_access=reach.ENABLED if is_direct else reach.DISABLED,
            network_rule_set=storage.NetworkRuleSetArgs(
                bypass=storage.Bypass.NONE,
                default_action=(
                    storage.DefaultAction.ALLOW if is_direct else storage.DefaultAction.DENY
                ),
            ),
            encryption=storage.EncryptionArgs(
                key_source=storage.KeySource.MICROSOFT_STORAGE,
                services=storage.EncryptionServicesArgs(
                    blob=storage.EncryptionServiceArgs(
                        enabled=True, key_type=storage.KeyType.ACCOUNT
                    )
                ),
            ),
            tags=self._names.tags,
            # Azure converts from one zone to three, and back, only when asked by other means: else
            # no protected environment could be let go.
            # https://learn.microsoft.com/azure/storage/common/redundancy-migration
            opts=pulumi.ResourceOptions.merge(kept, pulumi.ResourceOptions(ignore_changes=["sku"])),
        )

    def _settings(self, groups: Groups) -> storage.BlobServiceProperties:
        wanted = self._names.environment.artifacts
        undelete = storage.DeleteRetentionPolicyArgs(
            enabled=wanted.versioning,
            days=wanted.expire_noncurrent_days if wanted.versioning else None,
        )
        return storage.BlobServiceProperties(
            "recovery",
            resource_group_name=groups.data.name,
            account_name=self.account.name,
            blob_services_name="default",
            is_versioning_enabled=False,
            delete_retention_policy=undelete,
            container_delete_retention_policy=undelete,
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
