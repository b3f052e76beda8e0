"""The tracking server: the server spec of every cloud, as a Fargate service that scales on load."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from mlops_infra.server import Placement, server_spec
from stacks.aws.artifacts import PREFIX
from stacks.aws.findings import accept

if TYPE_CHECKING:
    from mlops_infra.config.models import Environment
    from stacks.aws.access import Access
    from stacks.aws.artifacts import Artifacts
    from stacks.aws.database import Database
    from stacks.aws.encryption import Encryption
    from stacks.aws.logs import Logs
    from stacks.aws.network import Network

USER = "10001:10001"
"""The image's own unprivileged user."""

NO_ROTATION = "MLflow reads it when it starts, and keeps using it: a rotation would lock it out"


class Tracking(Construct):
    """A service of identical tasks: read-only, unprivileged, in a role for their own things."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        network: Network,
        database: Database,
        artifacts: Artifacts,
        access: Access,
        logs: Logs,
        encryption: Encryption,
        image: ecs.ContainerImage,
    ) -> None:
        super().__init__(scope, construct_id)
        self.spec = server_spec(
            environment,
            Placement(
                database=database.address, artifacts_uri=artifacts.uri, public_url=access.url
            ),
        )
        self.log_group = logs.server
        self.cluster = ecs.Cluster(
            self,
            "Cluster",
            vpc=network.vpc,
            container_insights_v2=ecs.ContainerInsights.ENABLED
            if environment.protected
            else ecs.ContainerInsights.DISABLED,
        )
        if not environment.protected:
            reason = "costs more than it tells of one or two replicas; the alarms are there"
            accept(self.cluster, reason, nag=["ECS4"], checkov=["CKV_AWS_65"])
        self._secrets = self._make_secrets(database, encryption)
        task = self._task(environment, image)
        artifacts.grant(task.task_role)
        self._accept_wildcards(task, artifacts)
        replicas = environment.server.replicas
        least = max(1, replicas.min)  # Fargate cannot scale to zero on requests
        self.service = ecs.FargateService(
            self,
            "Service",
            cluster=self.cluster,
            task_definition=task,
            # No desired count: each deploy would reset what scaling has made of it.
            vpc_subnets=network.task_subnets,
            assign_public_ip=network.assign_public_ip,
            security_groups=[network.server],
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            min_healthy_percent=100,
            max_healthy_percent=200,
            health_check_grace_period=cdk.Duration.seconds(self.spec.start_grace_seconds),
            enable_execute_command=False,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
        )
        target = access.add_target(
            self.service, port=self.spec.port, health_path=self.spec.health_path
        )
        accept(
            self.service,
            "the CDK adds the dependency on the target group, which the listener needs anyway",
            cfn_lint=["W3005"],
        )
        scaling = self.service.auto_scale_task_count(min_capacity=least, max_capacity=replicas.max)
        scaling.scale_on_cpu_utilization("Cpu", target_utilization_percent=60)
        scaling.scale_on_request_count("Requests", requests_per_target=6000, target_group=target)

    @property
    def admin_secret_arn(self) -> str | None:
        """The secret with the administrator's password, if anybody is asked for one."""
        found = self._secrets.get("MLFLOW_AUTH_ADMIN_PASSWORD")
        return found.arn if found else None

    def _make_secrets(self, database: Database, encryption: Encryption) -> dict[str, ecs.Secret]:
        """Return, for each secret that the spec names, where its value is."""
        found = {"PGPASSWORD": ecs.Secret.from_secrets_manager(database.secret, "password")}
        for name in self.spec.secrets:
            if name not in found:
                secret = secretsmanager.Secret(
                    self,
                    "".join(part.title() for part in name.split("_")),
                    description=f"{name} of the MLflow server",
                    encryption_key=encryption.key,
                    generate_secret_string=secretsmanager.SecretStringGenerator(
                        exclude_punctuation=True, password_length=40
                    ),
                )
                accept(secret, NO_ROTATION, nag=["SMG4"])
                found[name] = ecs.Secret.from_secrets_manager(secret)
        return found

    def _accept_wildcards(self, task: ecs.FargateTaskDefinition, artifacts: Artifacts) -> None:
        accept(
            task.task_role,
            "objects below the prefix of the environment's own bucket",
            nag=[f"IAM5[Resource::<{artifacts.logical_id}.Arn>/{PREFIX}/*]"],
        )
        accept(
            task.obtain_execution_role(),
            "ecr:GetAuthorizationToken knows no resource: it only signs in",
            nag=["IAM5[Resource::*]"],
        )

    def _task(
        self, environment: Environment, image: ecs.ContainerImage
    ) -> ecs.FargateTaskDefinition:
        task = ecs.FargateTaskDefinition(
            self,
            "Task",
            cpu=1024 * environment.server.cpu,
            memory_limit_mib=1024 * environment.server.memory_gib,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.X86_64,
                operating_system_family=ecs.OperatingSystemFamily.LINUX,
            ),
        )
        container = task.add_container(
            "server",
            image=image,
            command=list(self.spec.argv),
            environment=dict(self.spec.variables),
            secrets=self._secrets,
            port_mappings=[ecs.PortMapping(container_port=self.spec.port)],
            user=USER,
            readonly_root_filesystem=True,
            stop_timeout=cdk.Duration.seconds(self.spec.stop_grace_seconds + 15),
            logging=ecs.LogDriver.aws_logs(stream_prefix="server", log_group=self.log_group),
        )
        task.add_volume(name="tmp")  # MLflow writes each transfer to a file first
        container.add_mount_points(
            ecs.MountPoint(container_path="/tmp", source_volume="tmp", read_only=False)  # noqa: S108 - the task's own
        )
        accept(task, "none of the variables is a secret: those come by reference", nag=["ECS2"])
        return task
