"""The resource types that we add: what they refuse, what replaces them, what changes in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import WaiterError
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from mlops_infra.rehearsal.aws.mended.replacing import REPLACING
from mlops_infra.rehearsal.aws.resources import ADDED, ResourceType
from tests.rehearsal.aws.own_types import NETWORK, Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.rehearsal.aws.account import Account

pytestmark = pytest.mark.slow

CREATE_ONLY = "createOnlyProperties"


def _names(schema: dict[str, Any], key: str) -> set[str]:
    return {pointer.split("/")[2] for pointer in schema.get(key, [])}


@pytest.mark.parametrize("kind", ADDED, ids=lambda kind: kind.schema.name)
def test_a_type_of_ours_is_as_the_registry_says(kind: ResourceType) -> None:
    ours = kind.schema
    registry = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-1", ours.name).schema
    assert set(ours.replacing) == _names(registry, CREATE_ONLY)
    assert ours.required == set(registry.get("required", []))
    assert ours.properties <= registry["properties"].keys() - _names(registry, "readOnlyProperties")
    assert ours.is_tagged == registry["tagging"]["taggable"]


@pytest.mark.parametrize("name", REPLACING)
def test_what_replaces_a_type_of_ministack_is_as_the_registry_says(name: str) -> None:
    registry = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-1", name).schema
    assert set(REPLACING[name]) == _names(registry, CREATE_ONLY)


@pytest.fixture(scope="module")
def shared(account: Account) -> Iterator[Stack]:
    stack = Stack(account, "own-types")
    stack.deploy(NETWORK)
    yield stack
    stack.delete()


@pytest.fixture
def stack(shared: Stack) -> Iterator[Stack]:
    """The stack with one of each; what a test changed is put back."""
    yield shared
    if shared.template != NETWORK:
        shared.deploy(NETWORK)


TAGS = [{"Key": "team", "Value": "ml"}]


@pytest.mark.parametrize(
    ("logical_id", "changes"),
    [
        ("Eip", {"Tags": TAGS}),
        ("Nat", {"Tags": TAGS}),
        ("Flow", {"Tags": TAGS}),
        ("In", {"Description": "new"}),
        ("Out", {"Description": "new"}),
        ("Target", {"MaxCapacity": 5}),
        ("Policy", {"TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70}}),
        ("Origin", {"Tags": TAGS}),
        ("Issuer", {"ClientIdList": ["us", "them"], "Tags": TAGS}),
        ("Service", {"DesiredCount": 2}),
    ],
)
def test_a_change_in_place_keeps_the_resource(
    stack: Stack, logical_id: str, changes: dict[str, Any]
) -> None:
    before, after = stack.change(logical_id, **changes)
    assert before == after


@pytest.mark.parametrize(
    ("logical_id", "changes"),
    [
        ("Nat", {"ConnectivityType": "private", "AllocationId": ""}),
        ("Flow", {"TrafficType": "REJECT"}),
        ("In", {"ToPort": 81}),
        ("Out", {"FromPort": 79}),
        ("Policy", {"PolicyName": "memory"}),
        ("Issuer", {"Url": "https://another.example.com"}),
        ("Task", {"ContainerDefinitions": [{"Name": "server", "Image": "server:2"}]}),
    ],
)
def test_a_change_of_what_it_is_replaces_the_resource(
    stack: Stack, logical_id: str, changes: dict[str, Any]
) -> None:
    before, after = stack.change(logical_id, **changes)
    assert before != after


def test_a_change_arrives_in_the_service(stack: Stack, account: Account) -> None:
    stack.change("Target", MaxCapacity=7)
    resource = stack.id("Target").partition("|")[0]
    found = account.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[resource]
    )
    assert found["ScalableTargets"][0]["MaxCapacity"] == 7
    stack.change("In", Description="new")
    rule = account.client("ec2").describe_security_group_rules(
        SecurityGroupRuleIds=[stack.id("In")]
    )
    assert rule["SecurityGroupRules"][0]["Description"] == "new"


def test_nothing_drifts_by_itself_and_a_change_by_hand_shows(
    stack: Stack, account: Account
) -> None:
    assert set(stack.drift().values()) <= {"IN_SYNC", "NOT_CHECKED"}
    resource, dimension, namespace = stack.id("Target").split("|")
    scaling = account.client("application-autoscaling")
    identity = {
        "ServiceNamespace": namespace,
        "ResourceId": resource,
        "ScalableDimension": dimension,
    }
    scaling.register_scalable_target(**identity, MaxCapacity=9)
    account.client("ec2").revoke_security_group_ingress(
        GroupId=stack.id("A"), SecurityGroupRuleIds=[stack.id("In")]
    )
    found = stack.drift()
    scaling.register_scalable_target(**identity, MaxCapacity=2)
    assert (found["Target"], found["In"]) == ("MODIFIED", "DELETED")
    assert found["Nat"] == found["Origin"] == found["Policy"] == "IN_SYNC"


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        ({"Type": "AWS::EC2::SecurityGroupEgress"}, "required key [GroupId] not found"),
        (
            {"Type": "AWS::EC2::EIP", "Properties": {"Colour": "red"}},
            "extraneous key [Colour] is not permitted",
        ),
        (
            {"Type": "AWS::EC2::NatGateway", "Properties": {"SubnetId": "subnet-0"}},
            "The subnet ID 'subnet-0' does not exist",
        ),
        (
            {
                "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
                "Properties": {
                    "ServiceNamespace": "ecs",
                    "ScalableDimension": "ecs:service:DesiredCount",
                    "ResourceId": "service/none/none",
                    "MinCapacity": 1,
                    "MaxCapacity": 2,
                },
            },
            "ECS service doesn't exist: service/none/none",
        ),
        (
            {
                "Type": "AWS::CloudFront::VpcOrigin",
                "Properties": {"VpcOriginEndpointConfig": {"Name": "x", "Arn": "arn:aws:none"}},
            },
            "originProtocolPolicy",
        ),
    ],
)
def test_what_aws_refuses_is_refused(
    account: Account, resource: dict[str, Any], words: str
) -> None:
    stack = Stack(account, "refused")
    with pytest.raises(WaiterError):
        stack.deploy({"It": resource})
    events = account.client("cloudformation").describe_stack_events(StackName="refused")
    reasons = [item.get("ResourceStatusReason", "") for item in events["StackEvents"]]
    stack.delete()
    assert any(words in reason for reason in reasons), reasons


def test_a_deleted_stack_leaves_nothing(account: Account, stack: Stack) -> None:
    own = Stack(account, "gone")
    renamed = {**NETWORK["Origin"]["Properties"]["VpcOriginEndpointConfig"], "Name": "gone"}
    origin = {"Type": NETWORK["Origin"]["Type"], "Properties": {"VpcOriginEndpointConfig": renamed}}
    with pytest.raises(WaiterError):
        own.deploy({"Issuer": NETWORK["Issuer"]})  # one an issuer and account
    own.delete()
    issuer = {"Type": NETWORK["Issuer"]["Type"], "Properties": {"Url": "https://gone.example.com"}}
    own.deploy({**NETWORK, "Origin": origin, "Issuer": issuer})
    rule, address, nat = own.id("In"), own.id("Eip"), own.id("Nat")
    own.delete()
    ec2 = account.client("ec2")
    rules = ec2.describe_security_group_rules()["SecurityGroupRules"]
    assert rule not in [item["SecurityGroupRuleId"] for item in rules]
    assert address not in [item["PublicIp"] for item in ec2.describe_addresses()["Addresses"]]
    (gateway,) = ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"]
    assert gateway["State"] == "deleted"
    issuers = account.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]
    assert not [each["Arn"] for each in issuers if "gone" in each["Arn"]]
    assert stack.id("Eip")  # the other stack's are untouched
