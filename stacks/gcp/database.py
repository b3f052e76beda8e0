"""The database: PostgreSQL on Cloud SQL, without a public address, TLS forced."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pulumi
import pulumi_gcp as gcp

from mlops_infra.config.sizing import DATABASE_CONNECTIONS
from mlops_infra.errors import UsageError

if TYPE_CHECKING:
    from stacks.gcp.names import Names
    from stacks.gcp.network import Network
    from stacks.gcp.secrets import Held, Secrets
    from stacks.gcp.services import Services

VERSION = "POSTGRES_18"
NAME = "mlflow"
USER = "mlflow"

TIERS = {
    "micro": "db-f1-micro",
    "small": "db-g1-small",
    "medium": "db-custom-2-8192",
    "large": "db-custom-4-16384",
}
"""Of the edition Enterprise: the two smallest share a core. Enterprise Plus has none so small."""

OWN_CONNECTIONS = 10
"""Connections that Cloud SQL's own agents may take, on top of what the server needs."""

POINT_IN_TIME_DAYS = 7
"""The longest that the edition Enterprise keeps the log that restores to the second; before that
there are the daily backups (https://cloud.google.com/sql/docs/postgres/backup-recovery/pitr)."""

FINAL_BACKUP_DAYS = {True: 365, False: 30}
"""How long what a deletion leaves is kept: of a protected environment as long as Google allows."""

BACKUP = re.compile(r"(?:(?P<instance>[a-z][a-z0-9-]*)/)?(?P<run>[0-9]+)")


class Database(pulumi.ComponentResource):
    """An instance with one database and one user; a new one, or made from a backup.

    Deleting it leaves a final backup, and the daily ones. A protected one refuses to be deleted.
    """

    def __init__(
        self,
        name: str,
        *,
        names: Names,
        services: Services,
        network: Network,
        secrets: Secrets,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("mlops:gcp:Database", name, None, opts)
        self.password: Held = secrets.generate("database-password")
        restored = _restored(names)
        # id is a contract: renaming replaces the database
        self.instance = gcp.sql.DatabaseInstance(
            "instance",
            name=names.database,
            region=names.gcp.region,
            database_version=VERSION,
            deletion_protection=names.environment.protected,
            final_backup_description=f"what {names.base} held when it was deleted",
            restore_backup_context=restored,
            settings=_settings(names, network),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[services["sqladmin"], network.peering],
                protect=names.environment.protected,
                # It grows by itself. To go back to the file's would replace the instance.
                ignore_changes=["settings.diskSize"],
            ),
        )
        of_instance = pulumi.ResourceOptions(parent=self)
        if restored is None:  # a backup holds its own
            gcp.sql.Database(
                "database",
                name=NAME,
                instance=self.instance.name,
                deletion_policy="ABANDON",
                opts=of_instance,
            )
        self.user = gcp.sql.User(
            "user",
            name=USER,
            instance=self.instance.name,
            password=self.password.value,
            deletion_policy="ABANDON",  # PostgreSQL lets nobody go who owns a table
            opts=of_instance,
        )
        self.authority = secrets.hold("database-authority", _certificates(self.instance))
        self.register_outputs({})

    @property
    def host(self) -> pulumi.Output[str]:
        """Its private address."""
        return self.instance.private_ip_address


def _settings(names: Names, network: Network) -> gcp.sql.DatabaseInstanceSettingsArgs:
    wanted, protected = names.environment.database, names.environment.protected
    flags = {
        "max_connections": str(DATABASE_CONNECTIONS[wanted.size] + OWN_CONNECTIONS),
        "log_min_duration_statement": "1000",
    }
    return gcp.sql.DatabaseInstanceSettingsArgs(
        tier=TIERS[wanted.size],
        edition="ENTERPRISE",
        availability_type="REGIONAL" if wanted.high_availability else "ZONAL",
        disk_type="PD_SSD",
        disk_size=wanted.storage_gib,
        disk_autoresize=True,
        disk_autoresize_limit=2 * wanted.storage_gib,
        deletion_protection_enabled=protected,
        retain_backups_on_delete=True,
        final_backup_config=gcp.sql.DatabaseInstanceSettingsFinalBackupConfigArgs(
            enabled=True, retention_days=FINAL_BACKUP_DAYS[protected]
        ),
        backup_configuration=gcp.sql.DatabaseInstanceSettingsBackupConfigurationArgs(
            enabled=True,
            point_in_time_recovery_enabled=True,
            transaction_log_retention_days=min(wanted.backup_days, POINT_IN_TIME_DAYS),
            backup_retention_settings=gcp.sql.DatabaseInstanceSettingsBackupConfigurationBackupRetentionSettingsArgs(
                retained_backups=wanted.backup_days, retention_unit="COUNT"
            ),
        ),
        ip_configuration=gcp.sql.DatabaseInstanceSettingsIpConfigurationArgs(
            ipv4_enabled=False,
            private_network=network.network.id,
            ssl_mode="ENCRYPTED_ONLY",
            server_ca_mode="GOOGLE_MANAGED_INTERNAL_CA",
        ),
        database_flags=[
            gcp.sql.DatabaseInstanceSettingsDatabaseFlagArgs(name=flag, value=value)
            for flag, value in flags.items()
        ],
        insights_config=gcp.sql.DatabaseInstanceSettingsInsightsConfigArgs(
            query_insights_enabled=protected
        ),
        user_labels=names.labels,
    )


def _restored(names: Names) -> gcp.sql.DatabaseInstanceRestoreBackupContextArgs | None:
    """Return the backup that the file names: `INSTANCE/ID`, or the id of one of its own."""
    wanted = names.environment.database.restore_from
    if wanted is None:
        return None
    found = BACKUP.fullmatch(wanted)
    if found is None:
        raise UsageError(
            f"database.restore_from: '{wanted}' is no backup of Cloud SQL: INSTANCE/ID, with an id"
            f" of digits",
            hint=f"gcloud sql backups list --project={names.gcp.project} --instance={names.base}",
        )
    return gcp.sql.DatabaseInstanceRestoreBackupContextArgs(
        backup_run_id=int(found["run"]),
        instance_id=found["instance"] or names.base,
        project=names.gcp.project,
    )


def _certificates(instance: gcp.sql.DatabaseInstance) -> pulumi.Output[str]:
    """Return the instance's own authorities: two of them while one takes over from the other."""
    return instance.server_ca_certs.apply(
        lambda found: "".join(f"{(each.cert or '').strip()}\n" for each in found)
    )
