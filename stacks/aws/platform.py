"""Composes the platform on AWS; each part is defined in the file of its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

from mlops_infra.server import MLFLOW_VERSION
from stacks.aws.access import Access
from stacks.aws.alarms import Alarms
from stacks.aws.artifacts import Artifacts
from stacks.aws.database import Database
from stacks.aws.encryption import Encryption
from stacks.aws.image import server_image
from stacks.aws.logs import Logs
from stacks.aws.network import Network
from stacks.aws.tracking import Tracking

if TYPE_CHECKING:
    from constructs import Construct

    from mlops_infra.config.models import Environment


class Platform(cdk.Stack):
    """One environment on AWS, from its file alone."""

    def __init__(self, scope: Construct, construct_id: str, *, environment: Environment) -> None:
        aws = environment.aws
        if aws is None:
            raise ValueError(f"environment '{environment.name}' has no section 'aws'")
        super().__init__(
            scope,
            construct_id,
            env=cdk.Environment(account=aws.account, region=aws.region),
            description=f"MLflow platform {environment.project}/{environment.name} (mlops-infra)",
            termination_protection=environment.protected,
        )
        encryption = Encryption(self, "Encryption")
        logs = Logs(self, "Logs", environment=environment, encryption=encryption)
        network = Network(self, "Network", environment=environment, logs=logs)
        database = Database(
            self,
            "Database",
            environment=environment,
            network=network,
            encryption=encryption,
            logs=logs,
        )
        artifacts = Artifacts(self, "Artifacts", environment=environment, logs=logs)
        access = Access(self, "Access", environment=environment, network=network, logs=logs)
        tracking = Tracking(
            self,
            "Tracking",
            environment=environment,
            network=network,
            database=database,
            artifacts=artifacts,
            access=access,
            logs=logs,
            encryption=encryption,
            image=server_image(self, environment),
        )
        Alarms(
            self,
            "Alarms",
            environment=environment,
            access=access,
            database=database,
            tracking=tracking,
            encryption=encryption,
        )
        for key, value in environment.resource_tags.items():
            cdk.Tags.of(self).add(key, value)
        self._publish(
            access=access, tracking=tracking, artifacts=artifacts, database=database, logs=logs
        )

    @property
    def availability_zones(self) -> list[str]:
        """The region's first two zones, asked of CloudFormation, so that synth needs no account."""
        return [cdk.Fn.select(index, cdk.Fn.get_azs()) for index in range(2)]

    def _publish(
        self,
        *,
        access: Access,
        tracking: Tracking,
        artifacts: Artifacts,
        database: Database,
        logs: Logs,
    ) -> None:
        """Declare what the engine reads: ids here are a contract with `engines/cdk`."""
        outputs = {
            "TrackingUri": access.url,
            "ArtifactUri": artifacts.uri,
            "AdminSecret": tracking.admin_secret_arn,
            "ClusterName": tracking.cluster.cluster_name,
            "ServiceName": tracking.service.service_name,
            "LogGroupName": logs.server.log_group_name,
            "DatabaseIdentifier": database.instance.instance_identifier,
            "MlflowVersion": MLFLOW_VERSION,
        }
        for key, value in outputs.items():
            if value is not None:
                cdk.CfnOutput(self, key, value=value)
