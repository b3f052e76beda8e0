"""Groups, network, private endpoints and domains."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from pulumi_azure_native import network, privatedns

from mlops_infra.rehearsal.azure.arm import group_type, require, resource
from mlops_infra.rehearsal.pulumi.description import CloudError

if TYPE_CHECKING:
    from mlops_infra.rehearsal.pulumi.description import Call

VIRTUAL = "Microsoft.Network/virtualNetworks/{virtualNetworkName}"
ENDPOINT = "Microsoft.Network/privateEndpoints/{privateEndpointName}"
ZONE = "Microsoft.Network/privateDnsZones/{privateZoneName}"
TARGETS = {"postgresqlServer": "/flexibleServers/", "blob": "/storageAccounts/"}


def _refuse_subnet(call: Call) -> None:
    virtual = call.cloud.get(
        "azure-native:network:VirtualNetwork", call.id.rsplit("/subnets/", 1)[0]
    )
    own = IPv4Network(call.inputs["addressPrefix"])
    spaces = virtual.inputs["addressSpace"]["addressPrefixes"] if virtual else []
    if not any(own.subnet_of(IPv4Network(each)) for each in spaces):
        raise CloudError(f"NetcfgInvalidSubnet: {own} is not within {', '.join(spaces)}")
    for each, other in call.cloud.of("azure-native:network:Subnet").items():
        is_neighbour = each.rsplit("/", 1)[0] == call.id.rsplit("/", 1)[0] and each != call.id
        if is_neighbour and own.overlaps(IPv4Network(other.inputs["addressPrefix"])):
            raise CloudError(f"NetcfgSubnetRangesOverlap: {own} overlaps {each}")
    group = call.inputs.get("networkSecurityGroup")
    if group:
        require(call, group["id"], "the network security group")


def _refuse_endpoint(call: Call) -> None:
    require(call, call.inputs["subnet"]["id"], "the subnet")
    for each in call.inputs["privateLinkServiceConnections"]:
        target = each["privateLinkServiceId"]
        require(call, target, "the private link resource")
        for group in each["groupIds"]:
            if TARGETS.get(group, "?") not in target:
                raise CloudError(f"'{target}' has no group '{group}'")


def _refuse_records(call: Call) -> None:
    for each in call.inputs["privateDnsZoneConfigs"]:
        require(call, each["privateDnsZoneId"], "the private DNS zone")


TYPES = (
    group_type(),
    resource(network.VirtualNetwork, VIRTUAL),
    resource(network.Subnet, f"{VIRTUAL}/subnets/{{subnetName}}", refuse=_refuse_subnet),
    resource(
        network.NetworkSecurityGroup,
        "Microsoft.Network/networkSecurityGroups/{networkSecurityGroupName}",
    ),
    resource(network.PrivateEndpoint, ENDPOINT, refuse=_refuse_endpoint),
    resource(
        network.PrivateDnsZoneGroup,
        f"{ENDPOINT}/privateDnsZoneGroups/{{privateDnsZoneGroupName}}",
        refuse=_refuse_records,
    ),
    resource(privatedns.PrivateZone, ZONE),
    resource(
        privatedns.VirtualNetworkLink,
        f"{ZONE}/virtualNetworkLinks/{{virtualNetworkLinkName}}",
        refuse=lambda call: require(call, call.inputs["virtualNetwork"]["id"], "the network"),
        replace_on=frozenset({"virtualNetwork"}),
    ),
    resource(privatedns.PrivateRecordSet, f"{ZONE}/{{recordType}}/{{relativeRecordSetName}}"),
)
