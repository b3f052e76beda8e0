"""A stack with one of each resource type that we add, and a way to change it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.rehearsal.aws.account import Account

Resources = dict[str, dict[str, Any]]

NETWORK: Resources = {
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}},
    "Subnet": {
        "Type": "AWS::EC2::Subnet",
        "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.9.0.0/24"},
    },
    "Other": {
        "Type": "AWS::EC2::Subnet",
        "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.9.1.0/24"},
    },
    "Eip": {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc"}},
    "Nat": {
        "Type": "AWS::EC2::NatGateway",
        "Properties": {
            "SubnetId": {"Ref": "Subnet"},
            "AllocationId": {"Fn::GetAtt": ["Eip", "AllocationId"]},
        },
    },
    "A": {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"GroupDescription": "a", "VpcId": {"Ref": "Vpc"}},
    },
    "B": {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"GroupDescription": "b", "VpcId": {"Ref": "Vpc"}},
    },
    "In": {
        "Type": "AWS::EC2::SecurityGroupIngress",
        "Properties": {
            "GroupId": {"Ref": "A"},
            "SourceSecurityGroupId": {"Ref": "B"},
            "IpProtocol": "tcp",
            "FromPort": 80,
            "ToPort": 80,
            "Description": "old",
        },
    },
    "Out": {
        "Type": "AWS::EC2::SecurityGroupEgress",
        "Properties": {
            "GroupId": {"Ref": "B"},
            "DestinationSecurityGroupId": {"Ref": "A"},
            "IpProtocol": "tcp",
            "FromPort": 80,
            "ToPort": 80,
        },
    },
    "Log": {"Type": "AWS::S3::Bucket"},
    "Flow": {
        "Type": "AWS::EC2::FlowLog",
        "Properties": {
            "ResourceId": {"Ref": "Vpc"},
            "ResourceType": "VPC",
            "TrafficType": "ALL",
            "LogDestinationType": "s3",
            "LogDestination": {"Fn::GetAtt": ["Log", "Arn"]},
        },
    },
    "Balancer": {
        "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "Properties": {
            "Scheme": "internal",
            "Subnets": [{"Ref": "Subnet"}, {"Ref": "Other"}],
        },
    },
    "Origin": {
        "Type": "AWS::CloudFront::VpcOrigin",
        "Properties": {
            "VpcOriginEndpointConfig": {
                "Arn": {"Ref": "Balancer"},
                "Name": "origin",
                "OriginProtocolPolicy": "http-only",
            }
        },
    },
    "Cluster": {"Type": "AWS::ECS::Cluster"},
    "Task": {
        "Type": "AWS::ECS::TaskDefinition",
        "Properties": {
            "RequiresCompatibilities": ["FARGATE"],
            "ContainerDefinitions": [{"Name": "server", "Image": "server:1"}],
        },
    },
    "Service": {
        "Type": "AWS::ECS::Service",
        "Properties": {"Cluster": {"Ref": "Cluster"}, "TaskDefinition": {"Ref": "Task"}},
    },
    "Target": {
        "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
        "Properties": {
            "ServiceNamespace": "ecs",
            "ScalableDimension": "ecs:service:DesiredCount",
            "ResourceId": {
                "Fn::Sub": [
                    "service/${Cluster}/${Name}",
                    {"Name": {"Fn::GetAtt": ["Service", "Name"]}},
                ]
            },
            "MinCapacity": 1,
            "MaxCapacity": 2,
        },
    },
    "Policy": {
        "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
        "Properties": {
            "PolicyName": "cpu",
            "PolicyType": "TargetTrackingScaling",
            "ScalingTargetId": {"Ref": "Target"},
            "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 60},
        },
    },
    "Issuer": {
        "Type": "AWS::IAM::OIDCProvider",
        "Properties": {"Url": "https://issuer.example.com", "ClientIdList": ["us"]},
    },
}
"""One of each type of ours, and what they need."""


class Stack:
    """A stack that a test changes."""

    def __init__(self, account: Account, name: str) -> None:
        self.name = name
        self._account = account
        self._cloud = account.client("cloudformation")
        self.template: Resources = {}

    def deploy(self, resources: Resources) -> None:
        verb, done = (
            ("update", "stack_update_complete")
            if self.template
            else ("create", "stack_create_complete")
        )
        getattr(self._cloud, f"{verb}_stack")(
            StackName=self.name, TemplateBody=json.dumps({"Resources": resources})
        )
        self._cloud.get_waiter(done).wait(
            StackName=self.name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 200}
        )
        self.template = resources

    def change(self, logical_id: str, **changes: Any) -> tuple[str, str]:  # noqa: ANN401 - any property
        """Change a resource; return its physical id before and after, and check the prediction."""
        before = self.id(logical_id)
        resource = NETWORK[logical_id]
        changed = {**resource, "Properties": {**resource["Properties"], **changes}}
        resources = {**NETWORK, logical_id: changed}
        predicted = self._predict(resources, logical_id)
        self.deploy(resources)
        after = self.id(logical_id)
        assert predicted == ("True" if after != before else "False")
        return before, after

    def _predict(self, resources: Resources, logical_id: str) -> str:
        self._cloud.create_change_set(
            StackName=self.name,
            ChangeSetName="look",
            TemplateBody=json.dumps({"Resources": resources}),
        )
        found = self._cloud.describe_change_set(StackName=self.name, ChangeSetName="look")
        self._cloud.delete_change_set(StackName=self.name, ChangeSetName="look")
        changes = [item["ResourceChange"] for item in found["Changes"]]
        (mine,) = [item for item in changes if item["LogicalResourceId"] == logical_id]
        return mine["Replacement"]

    def id(self, logical_id: str) -> str:
        found = self._cloud.describe_stack_resource(
            StackName=self.name, LogicalResourceId=logical_id
        )
        return found["StackResourceDetail"]["PhysicalResourceId"]

    def drift(self) -> dict[str, str]:
        asked = self._cloud.detect_stack_drift(StackName=self.name)["StackDriftDetectionId"]
        status = self._cloud.describe_stack_drift_detection_status
        while status(StackDriftDetectionId=asked)["DetectionStatus"] == "DETECTION_IN_PROGRESS":
            time.sleep(0.05)
        found = self._cloud.describe_stack_resource_drifts(StackName=self.name)
        return {
            item["LogicalResourceId"]: item["StackResourceDriftStatus"]
            for item in found["StackResourceDrifts"]
        }

    def delete(self) -> None:
        self._cloud.delete_stack(StackName=self.name)
        self._cloud.get_waiter("stack_delete_complete").wait(
            StackName=self.name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 200}
        )
