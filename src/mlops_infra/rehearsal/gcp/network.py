"""The network, its subnet, and Google's own network of databases beside it."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING
from urllib.parse import quote

import pulumi_gcp as gcp

from mlops_infra.rehearsal.gcp.project import require, resource
from mlops_infra.rehearsal.pulumi.cloud import Resource
from mlops_infra.rehearsal.pulumi.description import CloudError

if TYPE_CHECKING:
    from mlops_infra.rehearsal.pulumi.description import Call, Properties

NETWORK = "gcp:compute/network:Network"
SUBNET = "gcp:compute/subnetwork:Subnetwork"
ADDRESS = "gcp:compute/globalAddress:GlobalAddress"
PEERING = "gcp:servicenetworking/connection:Connection"
SERVICE = "gcp:cloudrunv2/service:Service"
RULE = "gcp:compute/forwardingRule:ForwardingRule"
SMALLEST_PREFIX, SMALLEST_OF_PROXIES = 29, 26
PROXIES = "REGIONAL_MANAGED_PROXY"
"""What a subnet is for that only load balancers' proxies are in."""
FRONT_ADDRESS, PEERED_ADDRESS = "198.51.100.20", "10.119.0.0"


def _refuse_subnet(call: Call) -> None:
    require(call, NETWORK, call.inputs["network"])
    is_of_proxies = call.inputs.get("purpose") == PROXIES
    if is_of_proxies and call.inputs.get("logConfig"):
        raise CloudError("googleapi: Error 400: no flow logs in a subnet with that purpose")
    smallest = SMALLEST_OF_PROXIES if is_of_proxies else SMALLEST_PREFIX
    if ip_network(call.inputs["ipCidrRange"]).prefixlen > smallest:
        raise CloudError("googleapi: Error 400: Invalid value for field 'resource.ipCidrRange'")
    for other_id, other in call.cloud.of(SUBNET).items():
        if other_id != call.id and other.inputs["network"] == call.inputs["network"]:
            _refuse_beside(call, other)


def _refuse_beside(call: Call, other: Resource) -> None:
    """Refuse a subnet that cannot be in one network with another."""
    here, there = (ip_network(each.inputs["ipCidrRange"]) for each in (call, other))
    if here.overlaps(there):
        raise CloudError(
            f"googleapi: Error 400: Invalid IPCidrRange: {here} conflicts with {there}"
        )
    if call.inputs.get("purpose") == other.inputs.get("purpose") == PROXIES:
        raise CloudError("googleapi: Error 400: there is an active proxy-only subnet already")


def _refuse_used_network(call: Call) -> None:
    for subnet_id, each in call.cloud.of(SUBNET).items():
        if each.inputs["network"] == call.id:
            raise CloudError(f"googleapi: Error 400: '{call.id}' is in use by '{subnet_id}'")


def _refuse_used_subnet(call: Call) -> None:
    for service_id, each in call.cloud.of(SERVICE).items():
        for one in each.inputs["template"].get("vpcAccess", {}).get("networkInterfaces", []):
            if one.get("subnetwork") == call.id:
                raise CloudError(f"googleapi: Error 400: '{call.id}' is in use by '{service_id}'")
    for rule_id, each in call.cloud.of(RULE).items():
        if each.inputs["network"] == call.inputs["network"]:
            raise CloudError(f"googleapi: Error 400: '{call.id}' is in use by '{rule_id}'")


def _drop_peerings(call: Call) -> None:
    for peering_id, each in call.cloud.of(PEERING).items():
        if each.inputs["network"] == call.id:
            call.cloud.delete(PEERING, peering_id)


def _address(call: Call) -> Properties:
    if call.inputs.get("purpose") == "VPC_PEERING":
        return {"address": PEERED_ADDRESS}
    return {"address": FRONT_ADDRESS, "prefixLength": 0}


def _refuse_peering(call: Call) -> None:
    require(call, NETWORK, call.inputs["network"])
    names = {each.inputs["name"] for each in call.cloud.of(ADDRESS).values()}
    for name in call.inputs["reservedPeeringRanges"]:
        if name not in names:
            raise CloudError(f"googleapi: Error 400: no allocated range '{name}'")


def _refuse_used_peering(call: Call) -> None:
    if call.inputs.get("deletionPolicy") != "ABANDON":
        raise CloudError(
            "Failed to delete connection; Producer services (e.g. CloudSQL) are still using this"
            " connection"
        )


def _abandon(call: Call) -> None:
    call.cloud.put(PEERING, call.id, Resource(inputs=call.inputs, outputs=call.old))


TYPES = (
    resource(
        gcp.compute.Network,
        "projects/{project}/global/networks/{name}",
        replace_on=frozenset({"autoCreateSubnetworks"}),
        computed=lambda _: {"gatewayIpv4": "", "numericId": "4711"},
        before_delete=_refuse_used_network,
        after_delete=_drop_peerings,
    ),
    resource(
        gcp.compute.Subnetwork,
        "projects/{project}/regions/{region}/subnetworks/{name}",
        replace_on=frozenset({"network", "purpose"}),
        enums={"purpose": frozenset({"PRIVATE", PROXIES}), "role": frozenset({"ACTIVE", "BACKUP"})},
        computed=lambda _: {"gatewayAddress": "10.0.0.1", "fingerprint": "AAAA"},
        refuse=_refuse_subnet,
        before_delete=_refuse_used_subnet,
    ),
    resource(
        gcp.compute.GlobalAddress,
        "projects/{project}/global/addresses/{name}",
        replace_on=frozenset({"address", "addressType", "network", "prefixLength", "purpose"}),
        computed=_address,
    ),
    resource(
        gcp.servicenetworking.Connection,
        lambda call: f"{quote(call.inputs['network'], safe='')}:{call.inputs['service']}",
        replace_on=frozenset({"network", "service"}),
        computed=lambda _: {"peering": "servicenetworking-googleapis-com"},
        refuse=_refuse_peering,
        before_delete=_refuse_used_peering,
        after_delete=_abandon,
        takes_over=True,
    ),
)
