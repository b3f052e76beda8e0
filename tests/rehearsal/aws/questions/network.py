"""Questions to EC2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.rehearsal.aws.questions.base import about

if TYPE_CHECKING:
    from tests.rehearsal.aws.account import Account


def _ec2(kind: str, listed: str, ids: str) -> None:
    """Questions of EC2 are alike: describe it by its id, and look at its tags."""

    @about(f"AWS::EC2::{kind}")
    def ask(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
        verb = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in listed)
        (found,) = getattr(account.client("ec2"), f"describe{verb}")(**{ids: [physical_id]})[listed]
        wanted = {tag["Key"]: tag["Value"] for tag in props["Tags"]}
        return wanted.items() <= {tag["Key"]: tag["Value"] for tag in found["Tags"]}.items()


_ec2("Subnet", "Subnets", "SubnetIds")
_ec2("RouteTable", "RouteTables", "RouteTableIds")
_ec2("InternetGateway", "InternetGateways", "InternetGatewayIds")
_ec2("VPCEndpoint", "VpcEndpoints", "VpcEndpointIds")
_ec2("SecurityGroup", "SecurityGroups", "GroupIds")
_ec2("FlowLog", "FlowLogs", "FlowLogIds")


@about("AWS::EC2::VPC")
def _vpc(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    (found,) = account.client("ec2").describe_vpcs(VpcIds=[physical_id])["Vpcs"]
    return found["CidrBlock"] == props["CidrBlock"]


@about("AWS::EC2::EIP")
def _eip(account: Account, physical_id: str, _: dict[str, Any]) -> bool:
    found = account.client("ec2").describe_addresses()["Addresses"]
    (address,) = [item for item in found if item["PublicIp"] == physical_id]
    return bool(address["AssociationId"])  # a NAT gateway holds it


@about("AWS::EC2::NatGateway")
def _nat(account: Account, physical_id: str, _: dict[str, Any]) -> bool:
    found = account.client("ec2").describe_nat_gateways(NatGatewayIds=[physical_id])
    (gateway,) = found["NatGateways"]
    (address,) = gateway["NatGatewayAddresses"]
    return gateway["State"] == "available" and address["AllocationId"].startswith("eipalloc-")


@about("AWS::EC2::VPCGatewayAttachment")
def _attachment(account: Account, physical_id: str, _: dict[str, Any]) -> bool:
    vpc = physical_id.partition("|")[2]
    filters = [{"Name": "attachment.vpc-id", "Values": [vpc]}]
    found = account.client("ec2").describe_internet_gateways(Filters=filters)
    return found["InternetGateways"][0]["Attachments"][0]["State"] == "available"


@about("AWS::EC2::Route")
def _route(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    table = physical_id.partition("|")[0]
    found = account.client("ec2").describe_route_tables(RouteTableIds=[table])
    (route,) = [
        route
        for route in found["RouteTables"][0]["Routes"]
        if route["DestinationCidrBlock"] == props["DestinationCidrBlock"]
    ]
    return ("NatGatewayId" in route) == ("NatGatewayId" in props)


@about("AWS::EC2::SubnetRouteTableAssociation")
def _association(account: Account, physical_id: str, _: dict[str, Any]) -> bool:
    tables = account.client("ec2").describe_route_tables()["RouteTables"]
    made = [item["RouteTableAssociationId"] for table in tables for item in table["Associations"]]
    return physical_id in made


def _rule(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    found = account.client("ec2").describe_security_group_rules(SecurityGroupRuleIds=[physical_id])
    (rule,) = found["SecurityGroupRules"]
    if "SourcePrefixListId" in props:
        assert rule["PrefixListId"] == props["SourcePrefixListId"]
    else:
        assert "ReferencedGroupInfo" in rule
    wanted = (props["FromPort"], props["ToPort"], props["IpProtocol"], props["Description"])
    return (rule["FromPort"], rule["ToPort"], rule["IpProtocol"], rule["Description"]) == wanted


about("AWS::EC2::SecurityGroupIngress")(_rule)
about("AWS::EC2::SecurityGroupEgress")(_rule)
