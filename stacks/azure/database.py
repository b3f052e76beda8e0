"""The database: PostgreSQL Flexible Server without a public address, TLS required."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
from pulumi_azure_native import dbforpostgresql as postgresql

from mlops_infra import server
from stacks.azure.limits import origin
from stacks.azure.names import DATABASE

if TYPE_CHECKING:
    from stacks.azure.groups import Groups
    from stacks.azure.logs import Logs
    from stacks.azure.names import Names
    from stacks.azure.network import Network
    from stacks.azure.vault import Password

MAJOR_VERSION = postgresql.PostgresMajorVersion.POSTGRES_MAJOR_VERSION_18
USER = "mlflow"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
"""Of the image's Debian, with the roots of the server's certificate: DigiCert's and Microsoft's.
https://learn.microsoft.com/azure/postgresql/security/security-tls"""
RESERVED_CONNECTIONS = 15
"""What Azure keeps of `max_connections` for itself:
https://learn.microsoft.com/azure/postgresql/configure-maintain/concepts-limits"""


@dataclass(frozen=True)
class Machine:
    """What one `database.size` is on Azure."""

    tier: postgresql.SkuTier
    sku: str


MACHINES = {
    "micro": Machine(postgresql.SkuTier.BURSTABLE, "Standard_B1ms"),
    "small": Machine(postgresql.SkuTier.BURSTABLE, "Standard_B2s"),
    "medium": Machine(postgresql.SkuTier.GENERAL_PURPOSE, "Standard_D2ds_v5"),
    "large": Machine(postgresql.SkuTier.GENERAL_PURPOSE, "Standard_D4ds_v5"),
}


class Database(pulumi.ComponentResource):
    """A server with one database, `mlflow`; a new one, or another's as it was at a point in time.

    It lives in the data group and is reached by a private endpoint, so it outlives the network. A
    protected one cannot be deleted, by hand either, until its lock is taken away.
    """

    def __init__(
        self,
        name: str,
        *,
        names: Names,
        groups: Groups,
        network: Network,
        logs: Logs,
        password: Password,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("mlops:azure:Database", name, opts=opts)
        self._names, self._group = names, groups.data.name
        self._kept = pulumi.ResourceOptions(
            parent=self, protect=names.environment.protected, retain_on_delete=True
        )
        self.server = self._server(password)
        last: pulumi.Resource = self.server
        if names.environment.database.restore_from is None:  # else it comes with the rest
            last = postgresql.Database(
                "mlflow",
                resource_group_name=self._group,
                server_name=self.server.name,
                database_name=DATABASE,
                charset="UTF8",
                collation="en_US.utf8",
                opts=self._kept,
            )
        # Azure changes one thing of a server at a time.
        for key, value in self._settings().items():
            last = postgresql.Configuration(
                key.replace("_", "-"),
                resource_group_name=self._group,
                server_name=self.server.name,
                configuration_name=key,
                value=value,
                source="user-override",
                opts=pulumi.ResourceOptions(parent=self, depends_on=[last], retain_on_delete=True),
            )
        self.endpoint = network.connect(
            "database",
            target=self.server.id,
            kind="postgresqlServer",
            domain="privatelink.postgres.database.azure.com",
            after=last,
        )
        logs.collect("database", source=self.server.id, categories=["PostgreSQLLogs"])
        groups.lock(
            "database",
            data=self.server.id,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.endpoint]),
        )
        self.register_outputs({})

    @property
    def address(self) -> server.Database:
        """Where the server finds it: by a public name, which leads to the private endpoint."""
        return server.Database(
            host=f"{self._names.server}.postgres.database.azure.com",
            user=USER,
            ssl_mode="verify-full",
            ssl_root_cert=CERTIFICATES,
        )

    def _server(self, password: Password) -> postgresql.Server:
        wanted = self._names.environment.database
        machine = MACHINES[wanted.size]
        mode = postgresql.PostgreSqlFlexibleServerHighAvailabilityMode
        source = origin(self._names)
        # id is a contract: renaming replaces the database
        return postgresql.Server(
            "database",
            resource_group_name=self._group,
            server_name=self._names.server,
            location=self._names.location,
            create_mode=postgresql.CreateMode.POINT_IN_TIME_RESTORE if source else None,
            source_server_resource_id=source.server_id if source else None,
            point_in_time_utc=source.moment if source else None,
            version=MAJOR_VERSION,
            administrator_login=USER,
            administrator_login_password=password.value,
            auth_config=postgresql.AuthConfigArgs(
                password_auth=postgresql.PasswordBasedAuth.ENABLED,
                active_directory_auth=postgresql.MicrosoftEntraAuth.DISABLED,
            ),
            sku=postgresql.SkuArgs(name=machine.sku, tier=machine.tier),
            storage=postgresql.StorageArgs(
                storage_size_gb=wanted.storage_gib, auto_grow=postgresql.StorageAutoGrow.ENABLED
            ),
            backup=postgresql.BackupArgs(
                backup_retention_days=wanted.backup_days,
                geo_redundant_backup=postgresql.GeographicallyRedundantBackup.DISABLED,
            ),
            high_availability=postgresql.HighAvailabilityArgs(
                mode=mode.ZONE_REDUNDANT if wanted.high_availability else mode.DISABLED
            ),
            network=postgresql.NetworkArgs(
                public_network_access=postgresql.ServerPublicNetworkAccessState.DISABLED
            ),
            tags=self._names.tags,
            opts=pulumi.ResourceOptions.merge(
                self._kept,
                pulumi.ResourceOptions(
                    ignore_changes=[
                        # How it came to be cannot be changed afterwards.
                        *("createMode", "sourceServerResourceId", "pointInTimeUTC"),
                        "storage.storageSizeGB",  # grows by itself, and never shrinks
                    ]
                ),
            ),
        )

    def _settings(self) -> dict[str, str]:
        needed = self._names.environment.database.connections + RESERVED_CONNECTIONS
        return {
            "require_secure_transport": "on",
            "log_min_duration_statement": "1000",
            # Of every size: it is kept, so no other size may leave it out. A restart applies it.
            "max_connections": str(needed),
        }
