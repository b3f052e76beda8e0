"""The database: PostgreSQL on RDS, private, TLS forced, its password made and kept by AWS."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_rds as rds
from constructs import Construct

from mlops_infra import server
from mlops_infra.config.sizing import DATABASE_CONNECTIONS
from mlops_infra.errors import UsageError
from stacks.aws.findings import accept

if TYPE_CHECKING:
    from mlops_infra.config.models import Environment
    from stacks.aws.encryption import Encryption
    from stacks.aws.logs import Logs
    from stacks.aws.network import Network

MAJOR_VERSION = "18"
"""Only the major version is pinned: an exact minor breaks the next deploy after an automatic
upgrade, and one day cannot be created any more."""

INSTANCES = {
    "micro": ("t4g", "micro"),
    "small": ("t4g", "small"),
    "medium": ("m7g", "large"),
    "large": ("m7g", "xlarge"),
}

AUTHORITIES = Path(__file__).parents[1] / "image" / "rds-ca.pem"
"""Who signs for RDS, a region each; no system's store has them."""
AUTHORITIES_IN_IMAGE = "/app/rds-ca.pem"

USER = "mlflow"
EXPORTED_LOGS = ("postgresql", "upgrade")
EXCLUDED_CHARACTERS = " %+~`#$&*()|[]{}:;<>?!'/@\"\\,=^"


class Database(Construct):
    """An RDS instance with one database, `mlflow`; a new one, or made from a snapshot.

    Deleting it leaves a final snapshot. A protected one also refuses to be deleted, and lives in
    two zones where the file says so.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        network: Network,
        encryption: Encryption,
        logs: Logs,
    ) -> None:
        super().__init__(scope, construct_id)
        _require_authority(cdk.Stack.of(self).region)
        # id is a contract: renaming replaces the database
        self.instance = self._instance(environment, network, encryption)
        for kind in EXPORTED_LOGS:
            # RDS would make them itself, and keep what is in them for ever.
            name = f"/aws/rds/instance/{_identifier(environment)}/{kind}"
            self.instance.node.add_dependency(logs.group(self, f"{kind.title()}Log", name=name))
        self._accept_findings(environment)

    def _instance(
        self, environment: Environment, network: Network, encryption: Encryption
    ) -> rds.DatabaseInstance | rds.DatabaseInstanceFromSnapshot:
        wanted = environment.database
        engine = rds.DatabaseInstanceEngine.postgres(
            version=rds.PostgresEngineVersion.of(MAJOR_VERSION, MAJOR_VERSION)
        )
        parameters = rds.ParameterGroup(
            self,
            "Parameters",
            engine=engine,
            description="TLS forced, connections as the server spec needs them",
            parameters={
                "rds.force_ssl": "1",
                "max_connections": str(DATABASE_CONNECTIONS[wanted.size]),
                "log_min_duration_statement": "1000",
            },
        )
        family, size = INSTANCES[wanted.size]
        settings: dict[str, Any] = {
            "engine": engine,
            "instance_identifier": _identifier(environment),
            "instance_type": ec2.InstanceType(f"{family}.{size}"),
            "vpc": network.vpc,
            "vpc_subnets": network.data_subnets,
            "security_groups": [network.database],
            "publicly_accessible": False,
            "parameter_group": parameters,
            "ca_certificate": rds.CaCertificate.RDS_CA_RSA2048_G1,
            "storage_type": rds.StorageType.GP3,
            "allocated_storage": wanted.storage_gib,
            "max_allocated_storage": 2 * wanted.storage_gib,
            "multi_az": wanted.high_availability,
            "backup_retention": cdk.Duration.days(wanted.backup_days),
            "delete_automated_backups": False,
            "copy_tags_to_snapshot": True,
            "auto_minor_version_upgrade": True,
            "cloudwatch_logs_exports": list(EXPORTED_LOGS),
            "enable_performance_insights": environment.protected,
            "deletion_protection": environment.protected,
            "removal_policy": cdk.RemovalPolicy.SNAPSHOT,
        }
        if wanted.restore_from is not None:
            return rds.DatabaseInstanceFromSnapshot(
                self,
                "Instance",
                snapshot_identifier=wanted.restore_from,
                credentials=rds.SnapshotCredentials.from_generated_secret(
                    USER,
                    encryption_key=encryption.key,
                    exclude_characters=EXCLUDED_CHARACTERS,
                ),
                **settings,
            )
        return rds.DatabaseInstance(
            self,
            "Instance",
            database_name="mlflow",
            credentials=rds.Credentials.from_generated_secret(
                USER, encryption_key=encryption.key, exclude_characters=EXCLUDED_CHARACTERS
            ),
            storage_encrypted=True,  # an instance from a snapshot is encrypted as that is
            **settings,
        )

    def _accept_findings(self, environment: Environment) -> None:
        accept(
            self.instance.node.find_child("Secret"),
            "rotation is a Lambda, and tasks read the password when they start: rotate by hand",
            nag=["SMG4"],
        )
        accept(self.instance, "a port is no secret; only the server reaches it", nag=["RDS11"])
        accept(
            self.instance,
            "alarms cover disk, CPU and connections; a protected one has Performance Insights",
            checkov=["CKV_AWS_118"],
        )
        accept(
            self.instance,
            "one way in is enough: the server's, by password over TLS",
            checkov=["CKV_AWS_161"],
        )
        if not environment.database.high_availability:
            reason = "the file says `high_availability: false`"
            accept(self.instance, reason, nag=["RDS3"], checkov=["CKV_AWS_157"])
        if not environment.protected:
            accept(self.instance, "the file says `protected: false`", nag=["RDS10"])
        if environment.database.restore_from is not None:
            accept(
                self.instance,
                "encrypted as the snapshot is, which an instance of ours has left encrypted",
                nag=["RDS2"],
                checkov=["CKV_AWS_16"],
            )

    @property
    def secret(self) -> cdk.aws_secretsmanager.ISecret:
        """The secret with the key `password` in it."""
        secret = self.instance.secret
        if secret is None:
            raise ValueError("an instance from generated credentials has a secret")
        return secret

    @property
    def address(self) -> server.Database:
        """Where the server finds it, and who vouches that it is the one."""
        return server.Database(
            host=self.instance.db_instance_endpoint_address,
            user=USER,
            ssl_mode="verify-full",
            ssl_root_cert=AUTHORITIES_IN_IMAGE,
        )


def _require_authority(region: str) -> None:
    """See that the image knows who signs for this region's databases.

    Raises:
        UsageError: it does not, and the server would refuse its database.
    """
    if f"\n# {region}, " not in AUTHORITIES.read_text():
        raise UsageError(
            f"stacks/image/rds-ca.pem has no certificate authority for the region {region}",
            hint="its first lines say where to get it",
        )


def _identifier(environment: Environment) -> str:
    """Return the instance's name, which its log groups carry, too.

    A restore replaces the instance, and for that the new one must have a name of its own.
    """
    name = environment.full_name
    restored = environment.database.restore_from
    return name if restored is None else f"{name}-{sha256(restored.encode()).hexdigest()[:8]}"
