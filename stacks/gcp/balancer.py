"""The load balancer of a domain of one's own: its certificate, and who is let in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_gcp as gcp

if TYPE_CHECKING:
    from stacks.gcp.names import Names
    from stacks.gcp.services import Services

EVERYBODY = {"0.0.0.0/0", "::/0"}
RANGES_PER_RULE = 10
"""https://cloud.google.com/armor/quotas"""
BESIDE = pulumi.ResourceOptions(delete_before_replace=False)
"""What another domain replaces goes once the proxy has taken the new one up."""
LAST_PRIORITY = 2147483647
"""The rule that every policy ends with."""


class Balancer(pulumi.ComponentResource):
    """HTTPS on one address; plain HTTP has no listener at all."""

    def __init__(
        self,
        name: str,
        *,
        names: Names,
        domain: str,
        service: gcp.cloudrunv2.Service,
        services: Services,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("mlops:gcp:Balancer", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self, depends_on=[services["compute"]])
        # id is a contract: renaming replaces the address that the domain's record names
        self.address = gcp.compute.GlobalAddress(
            "front-address", name=f"{names.base}-front", opts=inside
        )
        endpoints = gcp.compute.RegionNetworkEndpointGroup(
            "endpoints",
            name=names.base,
            region=names.gcp.region,
            network_endpoint_type="SERVERLESS",
            cloud_run=gcp.compute.RegionNetworkEndpointGroupCloudRunArgs(service=service.name),
            opts=inside,
        )
        self.backend = gcp.compute.BackendService(
            "backend",
            name=names.base,
            load_balancing_scheme="EXTERNAL_MANAGED",
            protocol="HTTPS",
            backends=[gcp.compute.BackendServiceBackendArgs(group=endpoints.id)],
            enable_cdn=False,
            security_policy=self._policy(names, inside),
            log_config=gcp.compute.BackendServiceLogConfigArgs(enable=True, sample_rate=1.0),
            opts=inside,
        )
        certificate = gcp.compute.ManagedSslCertificate(
            "certificate",
            name=names.certificate(domain),
            managed=gcp.compute.ManagedSslCertificateManagedArgs(domains=[domain]),
            opts=pulumi.ResourceOptions.merge(inside, BESIDE),
        )
        tls = gcp.compute.SSLPolicy(
            "tls", name=names.base, min_tls_version="TLS_1_2", profile="MODERN", opts=inside
        )
        routes = gcp.compute.URLMap(
            "routes", name=names.base, default_service=self.backend.id, opts=inside
        )
        proxy = gcp.compute.TargetHttpsProxy(
            "proxy",
            name=names.base,
            url_map=routes.id,
            ssl_certificates=[certificate.id],
            ssl_policy=tls.id,
            opts=inside,
        )
        gcp.compute.GlobalForwardingRule(
            "https",
            name=names.base,
            load_balancing_scheme="EXTERNAL_MANAGED",
            ip_address=self.address.address,
            ip_protocol="TCP",
            port_range="443",
            target=proxy.id,
            opts=inside,
        )
        self.register_outputs({})

    def _policy(self, names: Names, inside: pulumi.ResourceOptions) -> pulumi.Output[str] | None:
        rules = [
            gcp.compute.SecurityPolicyRuleArgs(
                action=action,
                priority=priority,
                match=gcp.compute.SecurityPolicyRuleMatchArgs(
                    versioned_expr="SRC_IPS_V1",
                    config=gcp.compute.SecurityPolicyRuleMatchConfigArgs(
                        src_ip_ranges=list(ranges)
                    ),
                ),
            )
            for action, ranges, priority in allowed(names.environment.access.allowed_cidrs)
        ]
        if not rules:
            return None
        policy = gcp.compute.SecurityPolicy("allowed", name=names.base, rules=rules, opts=inside)
        return policy.id


def allowed(cidrs: tuple[str, ...]) -> list[tuple[str, tuple[str, ...], int]]:
    """Return action, networks and priority of each rule that lets in `cidrs` alone.

    There is none where that is everybody.
    """
    if set(cidrs) & EVERYBODY:
        return []
    rules = [
        ("allow", cidrs[start : start + RANGES_PER_RULE], 1000 + start)
        for start in range(0, len(cidrs), RANGES_PER_RULE)
    ]
    return [*rules, ("deny(403)", ("*",), LAST_PRIORITY)]
