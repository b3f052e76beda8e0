"""Elastic IP addresses and the NAT gateways that use them."""

# ruff: noqa: SLF001 - ministack keeps its resources in module-level stores and offers no other door

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.rehearsal.aws.innards import ec2, provisioners, responses
from mlops_infra.rehearsal.aws.resources.base import Schema, refuse

if TYPE_CHECKING:
    from mlops_infra.rehearsal.aws.resources.base import Props


def _id(prefix: str) -> str:
    return f"{prefix}-{responses.new_uuid().replace('-', '')[:17]}"


class Eip:
    """An address; `Ref` is the address itself, not its allocation.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-eip.html
    """

    schema = Schema(
        name="AWS::EC2::EIP",
        properties=frozenset({"Domain", "Tags"}),
        replacing=("Address", "IpamPoolId", "NetworkBorderGroup", "TransferAddress"),
        is_tagged=True,
    )

    def create(self, logical_id: str, props: Props, stack: str) -> str:  # noqa: ARG002 - it has no name
        taken = {address["PublicIp"] for address in ec2._addresses.values()}
        while (public_ip := ec2._random_ip("52.")) in taken:
            pass
        allocation = _id("eipalloc")
        ec2._addresses[allocation] = {
            "AllocationId": allocation,
            "PublicIp": public_ip,
            "Domain": props.get("Domain", "vpc"),
            "AssociationId": None,
            "InstanceId": None,
            "NetworkInterfaceId": None,
            "PrivateIpAddress": None,
        }
        provisioners._ec2_apply_tags(allocation, props)
        return public_ip

    def update(self, physical_id: str, old: Props, new: Props) -> None:
        record = self._find(physical_id)
        if record is None:
            raise refuse(self.schema.name, f"Address '{physical_id}' not found.")
        record["Domain"] = new.get("Domain", "vpc")
        provisioners._ec2_apply_tags(record["AllocationId"], new, old)

    def delete(self, physical_id: str, props: Props) -> None:  # noqa: ARG002 - the id says all
        record = self._find(physical_id)
        if record is None:
            return
        if record["AssociationId"]:
            raise refuse(
                self.schema.name,
                f"Address {record['AllocationId']} is in use: disassociate it first.",
            )
        del ec2._addresses[record["AllocationId"]]
        ec2._tags.pop(record["AllocationId"], None)

    def attributes(self, physical_id: str, props: Props) -> Props:  # noqa: ARG002 - as above
        record = self._find(physical_id) or {}
        return {"AllocationId": record.get("AllocationId"), "PublicIp": physical_id}

    def read(self, physical_id: str, props: Props) -> Props | None:  # noqa: ARG002 - as above
        record = self._find(physical_id)
        return record and {"Domain": record["Domain"]}

    @staticmethod
    def _find(public_ip: str) -> Props | None:
        found = (record for record in ec2._addresses.values() if record["PublicIp"] == public_ip)
        return next(found, None)


class NatGateway:
    """A zonal NAT gateway; a public one holds an address as long as it lives.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-natgateway.html
    """

    schema = Schema(
        name="AWS::EC2::NatGateway",
        properties=frozenset({"AllocationId", "ConnectivityType", "SubnetId", "Tags"}),
        replacing=(
            *("AllocationId", "AvailabilityMode", "ConnectivityType"),
            *("PrivateIpAddress", "SubnetId", "VpcId"),
        ),
        is_tagged=True,
    )

    def create(self, logical_id: str, props: Props, stack: str) -> str:  # noqa: ARG002 - it has no name
        subnet = ec2._subnets.get(props.get("SubnetId"))
        if subnet is None:
            raise refuse(
                self.schema.name, f"The subnet ID '{props.get('SubnetId')}' does not exist"
            )
        kind = props.get("ConnectivityType", "public")
        address = ec2._addresses.get(props.get("AllocationId"))
        if kind == "public" and address is None:
            raise refuse(
                self.schema.name, "The allocation ID of an Elastic IP address must be specified"
            )
        if address is not None and address["AssociationId"]:
            raise refuse(
                self.schema.name,
                f"Elastic IP address [{props['AllocationId']}] is already associated",
            )
        gateway = {
            "NatGatewayId": _id("nat"),
            "SubnetId": subnet["SubnetId"],
            "VpcId": subnet["VpcId"],
            "AllocationId": props.get("AllocationId", ""),
            "ConnectivityType": kind,
            "State": "available",
            "CreateTime": ec2._now_ts(),
            "Tags": [],
            "NetworkInterfaceId": _id("eni"),
        }
        ec2._nat_gateways[gateway["NatGatewayId"]] = gateway
        if address is not None:
            address["AssociationId"] = _id("eipassoc")
            address["NetworkInterfaceId"] = gateway["NetworkInterfaceId"]
        provisioners._ec2_apply_tags(gateway["NatGatewayId"], props)
        return gateway["NatGatewayId"]

    def update(self, physical_id: str, old: Props, new: Props) -> None:
        provisioners._ec2_apply_tags(physical_id, new, old)

    def delete(self, physical_id: str, props: Props) -> None:  # noqa: ARG002 - the id says all
        gateway = ec2._nat_gateways.get(physical_id)
        if gateway is None or gateway["State"] == "deleted":
            return
        gateway["State"] = "deleted"  # described for about an hour, as on AWS
        address = ec2._addresses.get(gateway["AllocationId"])
        if address is not None:
            address["AssociationId"] = address["NetworkInterfaceId"] = None

    def attributes(self, physical_id: str, props: Props) -> Props:  # noqa: ARG002 - as above
        gateway = ec2._nat_gateways.get(physical_id) or {}
        return {"NatGatewayId": physical_id, "EniId": gateway.get("NetworkInterfaceId")}

    def read(self, physical_id: str, props: Props) -> Props | None:  # noqa: ARG002 - as above
        gateway = ec2._nat_gateways.get(physical_id)
        if gateway is None or gateway["State"] == "deleted":
            return None
        return {key: gateway[key] for key in ("AllocationId", "ConnectivityType", "SubnetId")}
