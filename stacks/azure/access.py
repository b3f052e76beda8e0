"""The front door: the platform's own, HTTPS with a domain of one's own or without.

    access             front door
    ------             ----------
    public, domain     the environment's, with a certificate for the domain that Azure renews
    public, no domain  the environment's, under the name that Azure gives it
    private            an internal one, under that name, which only the network resolves

It redirects plain HTTP and takes TLS 1.2 and newer:
https://learn.microsoft.com/azure/container-apps/ingress-overview
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_azure_native import app, privatedns

from stacks.azure.limits import ipv4

if TYPE_CHECKING:
    from stacks.azure.groups import Groups
    from stacks.azure.logs import Logs
    from stacks.azure.names import Names
    from stacks.azure.network import Network

PROFILE = "Consumption"
EVERYBODY = "0.0.0.0/0"


class Access(pulumi.ComponentResource):
    """A Container Apps environment, whose front door is the only way to what runs in it."""

    def __init__(
        self,
        name: str,
        *,
        names: Names,
        groups: Groups,
        network: Network,
        logs: Logs,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("mlops:azure:Access", name, opts=opts)
        self._names, self._group = names, groups.compute.name
        self._wanted = names.environment.access
        is_private = self._wanted.exposure == "private"
        # id is a contract: renaming replaces the environment, and the address with it
        self.environment = app.ManagedEnvironment(
            "environment",
            resource_group_name=self._group,
            environment_name=names.base,
            location=names.location,
            infrastructure_resource_group=f"{names.base}-platform",
            vnet_configuration=app.VnetConfigurationArgs(
                infrastructure_subnet_id=network.apps.id, internal=is_private
            ),
            public_network_access=(
                app.PublicNetworkAccess.DISABLED if is_private else app.PublicNetworkAccess.ENABLED
            ),
            workload_profiles=[
                app.WorkloadProfileArgs(name=PROFILE, workload_profile_type=PROFILE)
            ],
            zone_redundant=names.environment.protected,
            # By diagnostic settings, which need no key of the workspace.
            app_logs_configuration=app.AppLogsConfigurationArgs(destination="azure-monitor"),
            tags=names.tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                # Azure refuses to change it: else no protected environment could be let go.
                ignore_changes=["zoneRedundant"],
            ),
        )
        logs.collect(
            "environment",
            source=self.environment.id,
            categories=["ContainerAppConsoleLogs", "ContainerAppSystemLogs"],
        )
        self.server_name = "mlflow"  # part of the address, beside the environment's own letters
        own = pulumi.Output.concat(self.server_name, ".", self.environment.default_domain)
        self.host = (
            own if self._wanted.domain is None else pulumi.Output.from_input(self._wanted.domain)
        )
        self.url = pulumi.Output.concat("https://", self.host)
        if is_private:
            self._resolve(network)
        self.register_outputs({})

    def ingress(self, *, port: int) -> app.IngressArgs:
        """Return the way in to the server's `port`."""
        domain = self._wanted.domain
        return app.IngressArgs(
            external=True,  # of the environment, which decides how far that reaches
            target_port=port,
            transport=app.IngressTransportMethod.AUTO,
            allow_insecure=False,
            traffic=[app.TrafficWeightArgs(latest_revision=True, weight=100)],
            custom_domains=None
            if domain is None
            # Takes the certificate below when that is there: neither can come first.
            else [app.CustomDomainArgs(name=domain, binding_type=app.BindingType.AUTO)],
            ip_security_restrictions=self._restrictions(),
        )

    def certify(self, server: app.ContainerApp) -> None:
        """Have Azure issue a certificate for the domain that `server` answers to, if it has one."""
        if self._wanted.domain is None:
            return
        app.ManagedCertificate(
            "certificate",
            resource_group_name=self._group,
            environment_name=self.environment.name,
            managed_certificate_name=self._names.base,
            location=self._names.location,
            properties=app.ManagedCertificatePropertiesArgs(
                subject_name=self._wanted.domain,
                domain_control_validation=app.ManagedCertificateDomainControlValidation.CNAME,
            ),
            tags=self._names.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[server]),
        )

    def _restrictions(self) -> list[app.IpSecurityRestrictionRuleArgs] | None:
        """Return who is let in; all others are not. The front door has IPv4 addresses only."""
        if EVERYBODY in self._wanted.allowed_cidrs:
            return None
        allowed = ipv4(self._wanted.allowed_cidrs)
        return [
            app.IpSecurityRestrictionRuleArgs(
                name=f"allowed-{index}", ip_address_range=each, action=app.Action.ALLOW
            )
            for index, each in enumerate(allowed)
        ]

    def _resolve(self, network: Network) -> None:
        zone = network.zone("private", domain=self.environment.default_domain)
        privatedns.PrivateRecordSet(
            "private-record",
            resource_group_name=self._group,
            private_zone_name=zone.name,
            record_type="A",
            relative_record_set_name="*",
            ttl=3600,
            a_records=[privatedns.ARecordArgs(ipv4_address=self.environment.static_ip)],
            opts=pulumi.ResourceOptions(parent=self),
        )
