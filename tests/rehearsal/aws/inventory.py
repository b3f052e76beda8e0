"""What an account holds of one environment, asked of the services: what no stack has is lost.

A resource is an environment's where its tag says so or its name has the stack's in it. Snapshots do
not count: a teardown leaves them on purpose.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.rehearsal.aws.account import Account

# What EC2 tells by tag: operation, list, what CloudFormation calls the resource.
TAGGED = (
    ("describe_vpcs", "Vpcs", "VpcId"),
    ("describe_subnets", "Subnets", "SubnetId"),
    ("describe_security_groups", "SecurityGroups", "GroupId"),
    ("describe_route_tables", "RouteTables", "RouteTableId"),
    ("describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    ("describe_nat_gateways", "NatGateways", "NatGatewayId"),
    ("describe_addresses", "Addresses", "PublicIp"),
    ("describe_flow_logs", "FlowLogs", "FlowLogId"),
)
# What others tell by name: service, operation, list, what CloudFormation calls the resource.
NAMED = (
    ("s3", "list_buckets", "Buckets", "Name"),
    ("rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
    ("rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"),
    ("rds", "describe_db_parameter_groups", "DBParameterGroups", "DBParameterGroupName"),
    ("secretsmanager", "list_secrets", "SecretList", "ARN"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerArn"),
    ("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupArn"),
    ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ("sns", "list_topics", "Topics", "TopicArn"),
)
GONE = {"deleted", "deleting"}
"""NAT gateways stay visible for an hour."""


def held(account: Account, name: str) -> set[str]:
    """Return the physical id of everything that is there of environment `name`."""
    return {*_by_tag(account, name), *_by_name(account, name), *_elsewhere(account, name)}


def _by_tag(account: Account, name: str) -> set[str]:
    client = account.client("ec2")
    ours = {"Key": "environment", "Value": name}
    found: set[str] = set()
    for operation, members, key in TAGGED:
        for each in getattr(client, operation)()[members]:  # the emulator filters some by no tag
            if ours in each.get("Tags", []) and each.get("State") not in GONE:
                found.add(each[key])
    return found


def _by_name(account: Account, name: str) -> set[str]:
    is_ours = re.compile(rf"\bmlops-{name}(?![a-z0-9])", re.IGNORECASE)
    found: set[str] = set()
    for service, operation, members, key in NAMED:
        client = account.client(service)
        answers: Any = (
            client.get_paginator(operation).paginate()
            if client.can_paginate(operation)
            else [getattr(client, operation)()]
        )
        found |= {
            each[key] for page in answers for each in page[members] if is_ours.search(each[key])
        }
    return found


def _elsewhere(account: Account, name: str) -> set[str]:
    """What the tagging service knows of services that are not asked above."""
    pages = account.client("resourcegroupstaggingapi").get_paginator("get_resources")
    wanted = [{"Key": "environment", "Values": [name]}]
    # A task definition that nobody uses stays for ever, inactive; and costs nothing.
    kinds = ["ecs:cluster", "ecs:service", "cloudfront", "kms"]
    arns = [
        each["ResourceARN"]
        for page in pages.paginate(TagFilters=wanted, ResourceTypeFilters=kinds)
        for each in page["ResourceTagMappingList"]
    ]
    arns = [arn for arn in arns if _is_alive(account, arn)]
    # CloudFormation has the ARN of an ECS service, and of all else the last part.
    return {arn if ":service/" in arn else arn.rpartition("/")[2] for arn in arns}


def _is_alive(account: Account, arn: str) -> bool:
    """Tell whether a resource is there: some stay visible for long after their deletion."""
    if ":key/" in arn:
        found = account.client("kms").describe_key(KeyId=arn)["KeyMetadata"]
        return found["KeyState"] != "PendingDeletion"
    if ":service/" in arn:
        cluster = arn.split("/")[1]
        client = account.client("ecs")
        try:
            found = client.describe_services(cluster=cluster, services=[arn])["services"]
        except client.exceptions.ClusterNotFoundException:
            return False
        return any(each["status"] != "INACTIVE" for each in found)
    return True
