"""The network: one way in, the platform's own front door, and private ways to the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_azure_native import network, privatedns

if TYPE_CHECKING:
    from stacks.azure.groups import Groups
    from stacks.azure.names import Names

ADDRESSES = "10.0.0.0/16"
APPS = "10.0.0.0/23"
ENDPOINTS = "10.0.2.0/27"
PORTS = ["443", "5432"]
"""What the data listens on: Blob Storage and PostgreSQL."""


class Network(pulumi.ComponentResource):
    """A network with a subnet for the server and one for the private endpoints of the data.

    There is no NAT gateway (about 35 USD a month): the server goes out by the address that Azure
    gives its subnet, and nobody comes in by it.
    """

    def __init__(
        self,
        name: str,
        *,
        names: Names,
        groups: Groups,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("mlops:azure:Network", name, opts=opts)
        self._names, self._group = names, groups.compute.name
        # id is a contract: renaming replaces the network and all that is in it
        self.virtual = network.VirtualNetwork(
            "network",
            resource_group_name=self._group,
            virtual_network_name=names.base,
            location=names.location,
            address_space=network.AddressSpaceArgs(address_prefixes=[ADDRESSES]),
            tags=names.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.apps = network.Subnet(
            "apps",
            resource_group_name=self._group,
            virtual_network_name=self.virtual.name,
            subnet_name="apps",
            address_prefix=APPS,
            default_outbound_access=True,
            delegations=[
                network.DelegationArgs(name="apps", service_name="Microsoft.App/environments")
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.endpoints = network.Subnet(
            "endpoints",
            resource_group_name=self._group,
            virtual_network_name=self.virtual.name,
            subnet_name="endpoints",
            address_prefix=ENDPOINTS,
            default_outbound_access=False,
            # Without it the group below has no say over private endpoints.
            private_endpoint_network_policies=(
                network.VirtualNetworkPrivateEndpointNetworkPolicies.NETWORK_SECURITY_GROUP_ENABLED
            ),
            network_security_group=network.NetworkSecurityGroupArgs(id=self._guard().id),
            # Azure changes one subnet of a network at a time.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.apps]),
        )
        self.register_outputs({})

    def zone(self, name: str, *, domain: pulumi.Input[str]) -> privatedns.PrivateZone:
        """Make a domain that only this network resolves."""
        zone = privatedns.PrivateZone(
            f"{name}-zone",
            resource_group_name=self._group,
            private_zone_name=domain,
            location="global",
            tags=self._names.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        privatedns.VirtualNetworkLink(
            f"{name}-link",
            resource_group_name=self._group,
            private_zone_name=zone.name,
            virtual_network_link_name=self._names.base,
            location="global",
            registration_enabled=False,
            virtual_network=privatedns.SubResourceArgs(id=self.virtual.id),
            tags=self._names.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return zone

    def connect(
        self,
        name: str,
        *,
        target: pulumi.Input[str],
        kind: str,
        domain: str,
        after: pulumi.Resource,
    ) -> network.PrivateDnsZoneGroup:
        """Give the resource `target` an address in this network, and `domain` that leads to it.

        The endpoint goes with the network; what it leads to stays, closed, until the next one.
        """
        zone = self.zone(name, domain=domain)
        endpoint = network.PrivateEndpoint(
            f"{name}-endpoint",
            resource_group_name=self._group,
            private_endpoint_name=f"{self._names.base}-{name}",
            location=self._names.location,
            subnet=network.SubnetArgs(id=self.endpoints.id),
            private_link_service_connections=[
                network.PrivateLinkServiceConnectionArgs(
                    name=name, private_link_service_id=target, group_ids=[kind]
                )
            ],
            tags=self._names.tags,
            # While its target changes, Azure refuses the connection.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[after]),
        )
        return network.PrivateDnsZoneGroup(
            f"{name}-records",
            resource_group_name=self._group,
            private_endpoint_name=endpoint.name,
            private_dns_zone_group_name="default",
            private_dns_zone_configs=[
                network.PrivateDnsZoneConfigArgs(name=name, private_dns_zone_id=zone.id)
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _guard(self) -> network.NetworkSecurityGroup:
        allow, deny = network.SecurityRuleAccess.ALLOW, network.SecurityRuleAccess.DENY
        return network.NetworkSecurityGroup(
            "guard",
            resource_group_name=self._group,
            network_security_group_name=f"{self._names.base}-endpoints",
            location=self._names.location,
            security_rules=[
                _rule("server", 100, allow, source=APPS, protocol="Tcp", ports=PORTS),
                # Azure's own rules would let in the rest of the network, and its peers.
                _rule("nobody-else", 4096, deny, source="*", protocol="*", ports=["*"]),
            ],
            tags=self._names.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )


def _rule(
    name: str,
    priority: int,
    access: network.SecurityRuleAccess,
    *,
    source: str,
    protocol: str,
    ports: list[str],
) -> network.SecurityRuleArgs:
    return network.SecurityRuleArgs(
        name=name,
        priority=priority,
        access=access,
        direction=network.SecurityRuleDirection.INBOUND,
        protocol=network.SecurityRuleProtocol(protocol),
        source_address_prefix=source,
        source_port_range="*",
        destination_address_prefix=ENDPOINTS,
        destination_port_ranges=ports,
    )
