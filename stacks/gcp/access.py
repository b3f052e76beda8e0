"""The front door: HTTPS in every case, with a domain of one's own or without.

access             front door
------             ----------
public, no domain  Cloud Run's own, open to all
public, domain     load balancer with a certificate, and allowed_cidrs; Cloud Run's own is shut
private, no domain Cloud Run's own, open to the project's networks only
private, domain    load balancer in the network, likewise; Cloud Run's own is shut
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_gcp as gcp

from stacks.gcp.balancer import Balancer
from stacks.gcp.private_balancer import PrivateBalancer

if TYPE_CHECKING:
    from stacks.gcp.names import Names
    from stacks.gcp.network import Network
    from stacks.gcp.services import Services


class Access(pulumi.ComponentResource):
    """Who reaches the service, and by which name: both are known before it exists."""

    def __init__(
        self,
        name: str,
        *,
        names: Names,
        services: Services,
        network: Network,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("mlops:gcp:Access", name, None, opts)
        access = names.environment.access
        self._names, self._network = names, network
        self.balancer: Balancer | PrivateBalancer | None = None
        self.is_behind_balancer = access.domain is not None
        self.ingress = {
            ("public", False): "INGRESS_TRAFFIC_ALL",
            ("public", True): "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
            # What comes through a load balancer in the network is from inside, too.
            ("private", False): "INGRESS_TRAFFIC_INTERNAL_ONLY",
            ("private", True): "INGRESS_TRAFFIC_INTERNAL_ONLY",
        }[access.exposure, self.is_behind_balancer]
        self.host: pulumi.Output[str] = (
            pulumi.Output.from_input(access.domain) if access.domain else self._own_host()
        )
        self.url = pulumi.Output.concat("https://", self.host)
        self._services = services
        self.register_outputs({})

    def open(self, service: gcp.cloudrunv2.Service) -> None:
        """Put the load balancer before the service, where there is a domain."""
        access = self._names.environment.access
        opts = pulumi.ResourceOptions(parent=self)
        if access.domain is not None and access.exposure == "public":
            self.balancer = Balancer(
                "balancer",
                names=self._names,
                domain=access.domain,
                service=service,
                services=self._services,
                opts=opts,
            )
        elif access.domain is not None:
            self.balancer = PrivateBalancer(
                "balancer",
                names=self._names,
                domain=access.domain,
                service=service,
                services=self._services,
                network=self._network,
                opts=opts,
            )

    def _own_host(self) -> pulumi.Output[str]:
        """Return the service's name as Google makes it, so that the server can be told its own.

        https://cloud.google.com/run/docs/triggering/https-request#deterministic
        """
        found = gcp.organizations.get_project_output(
            project_id=self._names.gcp.project, opts=pulumi.InvokeOptions(parent=self)
        )
        base, region = self._names.base, self._names.gcp.region
        return found.number.apply(lambda number: f"{base}-{number}.{region}.run.app")
