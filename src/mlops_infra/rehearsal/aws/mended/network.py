"""Mends of EC2 and of load balancers."""

# ruff: noqa: SLF001 - mending means reaching in

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mlops_infra.rehearsal.aws.innards import alb, ec2
from mlops_infra.rehearsal.aws.mended.ways import afterwards, rewritten

if TYPE_CHECKING:
    from mlops_infra.rehearsal.aws.mended.ways import Props


def describe_load_balancers() -> None:
    """Every load balancer is in `vpc-00000001`, and all its subnets in zone a."""

    def mend_balancer(arn: str, props: Props) -> None:  # noqa: ARG001 - the record says it
        subnets = [ec2._subnets[subnet] for subnet in alb._lbs[arn]["Subnets"]]
        alb._lbs[arn]["VpcId"] = subnets[0]["VpcId"]

    def zone(found: re.Match[str]) -> str:
        known = ec2._subnets.get(found["subnet"])
        return (
            found[0]
            if known is None
            else found[0].replace(found["zone"], known["AvailabilityZone"])
        )

    pattern = re.compile(
        r"<ZoneName>(?P<zone>[^<]*)</ZoneName><SubnetId>(?P<subnet>[^<]*)</SubnetId>"
    )
    rewritten(alb, "_lb_xml", lambda xml, _: pattern.sub(zone, xml))
    afterwards("AWS::ElasticLoadBalancingV2::LoadBalancer", mend_balancer)


def describe_rules_of_prefix_lists() -> None:
    """describe_security_group_rules does not say which prefix list a rule is about."""

    def name_list(xml: str, _: str, rule: Props, *__: Any, **___: Any) -> str:  # noqa: ANN401 - untyped
        for entry in rule.get("PrefixListIds", []):
            tag = f"<prefixListId>{entry['PrefixListId']}</prefixListId>"
            xml = xml.replace("</item>", f"{tag}</item>")
        return xml

    rewritten(ec2, "_sg_rule_xml", name_list)


def describe_addresses_of_nat_gateways() -> None:
    """describe_nat_gateways answers an empty list of addresses for each."""
    describe = ec2._ACTION_MAP["DescribeNatGateways"]
    pattern = re.compile(
        r"(<natGatewayId>(?P<id>[^<]*)</natGatewayId>.*?)<natGatewayAddressSet/>", re.DOTALL
    )

    def address(found: re.Match[str]) -> str:
        gateway = ec2._nat_gateways[found["id"]]
        held = ec2._addresses.get(gateway["AllocationId"])
        if held is None:
            return found[0]
        item = (
            f"<allocationId>{held['AllocationId']}</allocationId>"
            f"<publicIp>{held['PublicIp']}</publicIp>"
            f"<networkInterfaceId>{gateway.get('NetworkInterfaceId', '')}</networkInterfaceId>"
        )
        return f"{found[1]}<natGatewayAddressSet><item>{item}</item></natGatewayAddressSet>"

    def describe_with_addresses(params: Props) -> tuple[int, Props, bytes]:
        status, headers, body = describe(params)
        return status, headers, pattern.sub(address, body.decode()).encode()

    ec2._ACTION_MAP["DescribeNatGateways"] = describe_with_addresses
