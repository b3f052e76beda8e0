"""The network: the server's way to its database, and no way in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_gcp as gcp

if TYPE_CHECKING:
    from stacks.gcp.names import Names
    from stacks.gcp.services import Services

ADDRESSES = "10.0.0.0/24"
"""For the server: twice as many addresses as instances, and at least a /26
(https://cloud.google.com/run/docs/configuring/vpc-direct-vpc)."""

PEERED_PREFIX = 20
"""Google's own network for the database; a /24 an area of a region, and room to move."""


class Network(pulumi.ComponentResource):
    """A network with one subnet, and Google's network of databases beside it.

    There is no NAT gateway: only what goes to private addresses takes this network, all else goes
    out of Cloud Run directly. Nothing listens in it but a private domain's load balancer, and its
    firewall, as made, lets nobody in.
    """

    def __init__(
        self, name: str, *, names: Names, services: Services, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("mlops:gcp:Network", name, None, opts)
        # id is a contract: renaming replaces the network and the database in it
        self.network = gcp.compute.Network(
            "network",
            name=names.base,
            auto_create_subnetworks=False,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[services["compute"]]),
        )
        self.subnet = gcp.compute.Subnetwork(
            "subnet",
            name=names.base,
            network=self.network.id,
            region=names.gcp.region,
            ip_cidr_range=ADDRESSES,
            private_ip_google_access=True,
            log_config=gcp.compute.SubnetworkLogConfigArgs(
                aggregation_interval="INTERVAL_10_MIN",
                flow_sampling=0.5,
                metadata="INCLUDE_ALL_METADATA",
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        addresses = gcp.compute.GlobalAddress(
            "database-addresses",
            name=f"{names.base}-database",
            purpose="VPC_PEERING",
            address_type="INTERNAL",
            prefix_length=PEERED_PREFIX,
            network=self.network.id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.peering = gcp.servicenetworking.Connection(
            "database-peering",
            network=self.network.id,
            service="servicenetworking.googleapis.com",
            reserved_peering_ranges=[addresses.name],
            # Google holds on to it for days after the database is gone, so that no delete succeeds:
            # https://github.com/hashicorp/terraform-provider-google/issues/16275
            deletion_policy="ABANDON",
            opts=pulumi.ResourceOptions(parent=self, depends_on=[services["servicenetworking"]]),
        )
        self.register_outputs({})
