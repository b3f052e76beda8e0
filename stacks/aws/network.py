"""The network: two zones, no way in but the front door, and no NAT gateway unless it is prod."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

if TYPE_CHECKING:
    from mlops_infra.config.models import Environment
    from stacks.aws.logs import Logs


class Network(Construct):
    """A VPC and one security group a role, each open to its neighbour only.

    A protected environment runs its tasks in private subnets with a NAT gateway per zone. Any
    other runs them in public subnets, where they reach ECR and CloudWatch without one (about 35
    USD a month each) and where their security group lets nobody in but the load balancer.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, environment: Environment, logs: Logs
    ) -> None:
        super().__init__(scope, construct_id)
        has_nat = environment.protected
        # Addresses are given in this order: what only some have comes last, or the others' shift.
        subnets = [
            _subnets("public", ec2.SubnetType.PUBLIC),
            _subnets("data", ec2.SubnetType.PRIVATE_ISOLATED),
        ]
        if has_nat:
            subnets.append(_subnets("tasks", ec2.SubnetType.PRIVATE_WITH_EGRESS))
        # id is a contract: renaming replaces the network and all that is in it
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            max_azs=2,
            nat_gateways=2 if has_nat else 0,
            subnet_configuration=subnets,
            restrict_default_security_group=False,  # would be a custom resource: a Lambda
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)
            },
        )
        self.vpc.add_flow_log(
            "Flow", destination=ec2.FlowLogDestination.to_s3(logs.bucket, "network")
        )
        self.task_subnets = ec2.SubnetSelection(subnet_group_name="tasks" if has_nat else "public")
        self.data_subnets = ec2.SubnetSelection(subnet_group_name="data")
        self.assign_public_ip = not has_nat
        self.front = self._group("Front", "the load balancer")
        self.server = self._group("Server", "the MLflow tasks")
        self.database = self._group("Database", "PostgreSQL")
        self._open(self.front, self.server, 5000, "the load balancer reaches the server")
        self._open(self.server, self.database, 5432, "the server reaches its database")
        self.server.add_egress_rule(
            ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "ECR, S3, Secrets Manager and CloudWatch"
        )

    def _group(self, construct_id: str, whose: str) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(
            self, construct_id, vpc=self.vpc, description=whose, allow_all_outbound=False
        )

    @staticmethod
    def _open(source: ec2.SecurityGroup, target: ec2.SecurityGroup, port: int, why: str) -> None:
        target.add_ingress_rule(source, ec2.Port.tcp(port), why)
        source.add_egress_rule(target, ec2.Port.tcp(port), why)


def _subnets(name: str, kind: ec2.SubnetType) -> ec2.SubnetConfiguration:
    return ec2.SubnetConfiguration(
        name=name,
        subnet_type=kind,
        cidr_mask=24,
        map_public_ip_on_launch=False if kind is ec2.SubnetType.PUBLIC else None,
    )
