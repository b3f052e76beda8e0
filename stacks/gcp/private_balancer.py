"""The load balancer of a private domain: an address of the network, and no way to it from outside.

Each part is the regional kind of its namesake in `balancer.py`; no type is shared but the endpoint
group's: https://cloud.google.com/load-balancing/docs/l7-internal/setting-up-l7-internal-serverless
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_gcp as gcp

from stacks.gcp.balancer import BESIDE, allowed

if TYPE_CHECKING:
    from stacks.gcp.names import Names
    from stacks.gcp.network import Network
    from stacks.gcp.services import Services

PROXIES = "10.0.2.0/23"
"""For Google's proxies alone; the size that it advises:
https://cloud.google.com/load-balancing/docs/proxy-only-subnets"""


class PrivateBalancer(pulumi.ComponentResource):
    """HTTPS on one address, for the network and what is joined to it, in any region."""

    def __init__(
        self,
        name: str,
        *,
        names: Names,
        domain: str,
        service: gcp.cloudrunv2.Service,
        services: Services,
        network: Network,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("mlops:gcp:PrivateBalancer", name, None, opts)
        region = names.gcp.region
        inside = pulumi.ResourceOptions(parent=self, depends_on=[services["compute"]])
        proxies = gcp.compute.Subnetwork(
            "proxies",
            name=f"{names.base}-proxies",
            network=network.network.id,
            region=region,
            ip_cidr_range=PROXIES,
            purpose="REGIONAL_MANAGED_PROXY",
            role="ACTIVE",
            opts=inside,
        )
        # id is a contract: renaming replaces the address that the domain's record names
        self.address = gcp.compute.Address(
            "front-address",
            name=f"{names.base}-front",
            region=region,
            address_type="INTERNAL",
            subnetwork=network.subnet.id,
            opts=inside,
        )
        endpoints = gcp.compute.RegionNetworkEndpointGroup(
            "endpoints",
            name=names.base,
            region=region,
            network_endpoint_type="SERVERLESS",
            cloud_run=gcp.compute.RegionNetworkEndpointGroupCloudRunArgs(service=service.name),
            opts=inside,
        )
        self.backend = gcp.compute.RegionBackendService(
            "backend",
            name=names.base,
            region=region,
            load_balancing_scheme="INTERNAL_MANAGED",
            protocol="HTTPS",
            backends=[
                # The provider sends 0 where nothing is said, and Google then sends no request.
                gcp.compute.RegionBackendServiceBackendArgs(group=endpoints.id, capacity_scaler=1)
            ],
            security_policy=self._policy(names, inside),
            log_config=gcp.compute.RegionBackendServiceLogConfigArgs(enable=True, sample_rate=1.0),
            opts=inside,
        )
        tls = gcp.compute.RegionSslPolicy(
            "tls",
            name=names.base,
            region=region,
            min_tls_version="TLS_1_2",
            profile="MODERN",
            opts=inside,
        )
        routes = gcp.compute.RegionUrlMap(
            "routes",
            name=names.base,
            region=region,
            default_service=self.backend.id,
            opts=inside,
        )
        proxy = gcp.compute.RegionTargetHttpsProxy(
            "proxy",
            name=names.base,
            region=region,
            url_map=routes.id,
            certificate_manager_certificates=[self._certificate(names, domain, services).id],
            ssl_policy=tls.id,
            opts=inside,
        )
        gcp.compute.ForwardingRule(
            "https",
            name=names.base,
            region=region,
            load_balancing_scheme="INTERNAL_MANAGED",
            network=network.network.id,
            subnetwork=network.subnet.id,
            ip_address=self.address.address,
            ip_protocol="TCP",
            port_range="443",
            target=proxy.id,
            allow_global_access=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[proxies]),
        )
        self.register_outputs({})

    def _certificate(
        self, names: Names, domain: str, services: Services
    ) -> gcp.certificatemanager.Certificate:
        """Have Google issue a certificate: a public record proves the domain, nobody connects.

        https://cloud.google.com/certificate-manager/docs/deploy-google-managed-regional
        """
        inside = pulumi.ResourceOptions.merge(
            BESIDE,
            pulumi.ResourceOptions(parent=self, depends_on=[services["certificatemanager"]]),
        )
        authorization = gcp.certificatemanager.DnsAuthorization(
            "authorization",
            name=names.certificate(domain),
            location=names.gcp.region,
            domain=domain,
            type="PER_PROJECT_RECORD",  # the only one outside of `global`
            opts=inside,
        )
        self.proof = authorization.dns_resource_records.apply(
            lambda records: f"{records[0].name} {records[0].type} {records[0].data}"
        )
        return gcp.certificatemanager.Certificate(
            "certificate",
            name=names.certificate(domain),
            location=names.gcp.region,
            managed=gcp.certificatemanager.CertificateManagedArgs(
                domains=[domain], dns_authorizations=[authorization.id]
            ),
            opts=inside,
        )

    def _policy(self, names: Names, inside: pulumi.ResourceOptions) -> pulumi.Output[str] | None:
        rules = [
            gcp.compute.RegionSecurityPolicyRuleArgs(
                action=action,
                priority=priority,
                match=gcp.compute.RegionSecurityPolicyRuleMatchArgs(
                    versioned_expr="SRC_IPS_V1",
                    config=gcp.compute.RegionSecurityPolicyRuleMatchConfigArgs(
                        src_ip_ranges=list(ranges)
                    ),
                ),
            )
            for action, ranges, priority in allowed(names.environment.access.allowed_cidrs)
        ]
        if not rules:
            return None
        policy = gcp.compute.RegionSecurityPolicy(
            "allowed",
            name=names.base,
            region=names.gcp.region,
            type="CLOUD_ARMOR",
            rules=rules,
            opts=inside,
        )
        return policy.id
