"""Controls 1, 2, 3 and 13: who gets in, and how."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from tests.stacks.scorecard import middleware_violations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.config.models import Environment
    from tests.stacks.azure.declared import Item, Stack

INGRESS = "configuration.ingress"


def control_01(stack: Stack, environment: Environment) -> Iterator[str]:
    """Nothing reaches MLflow unauthenticated from outside."""
    has_auth = "--app-name basic-auth" in " ".join(stack.app.get("template.containers.0.args", []))
    front = stack.one("app:ManagedEnvironment")
    is_public = front.get("vnetConfiguration.internal") is not True
    if is_public and not has_auth:
        yield "the front door is public and the server asks nobody who they are"
    if environment.server.auth == "basic" and not has_auth:
        yield "the file asks for basic auth and the server is started without"
    if environment.access.exposure == "private":
        if is_public:
            yield "the file says private and the front door has a public address"
        if front.get("publicNetworkAccess") != "Disabled":
            yield "the file says private and the front door takes the internet's traffic"
    if not front.get("vnetConfiguration.infrastructureSubnetId"):
        yield "the server is in no network of ours"
    if stack.app.get(f"{INGRESS}.targetPort") != 5000:
        yield f"the front door leads to port {stack.app.get(f'{INGRESS}.targetPort')}"
    if stack.app.get(f"{INGRESS}.additionalPortMappings"):
        yield "there are more ways in than the front door"
    yield from _restricts(stack, environment)


def _restricts(stack: Stack, environment: Environment) -> Iterator[str]:
    rules = stack.app.get(f"{INGRESS}.ipSecurityRestrictions", [])
    wanted = {each for each in environment.access.allowed_cidrs if ip_network(each).version == 4}
    if "0.0.0.0/0" in wanted:
        wanted = set()
    if {each["ipAddressRange"] for each in rules} != wanted:
        yield f"the file lets in {sorted(wanted)}, the front door {rules}"
    if any(each["action"] != "Allow" for each in rules):
        yield "a rule keeps networks out instead of letting them in: all others get in"


def control_02(stack: Stack, environment: Environment) -> Iterator[str]:
    """HTTPS only at the front door. TLS is 1.2 or newer in any Container Apps environment."""
    ingress = stack.app.get(INGRESS, {})
    if not stack.exports["tracking_uri"].startswith("https://"):
        yield f"clients are told {stack.exports['tracking_uri']}"
    if ingress.get("allowInsecure") is not False:
        yield "plain HTTP is not redirected"
    if ingress.get("transport") not in {"auto", "http", "http2"}:
        yield f"the front door does not speak HTTPS but {ingress.get('transport')}"
    domain = environment.access.domain
    served = {each["name"]: each for each in ingress.get("customDomains", [])}
    if set(served) != ({domain} if domain else set()):
        yield f"the file says {domain}, the front door serves {sorted(served)}"
    for name, each in served.items():
        if each["bindingType"] not in {"Auto", "SniEnabled"}:
            yield f"{name} is served without a certificate"
        certified = [
            found.get("properties.subjectName") for found in stack.all("app:ManagedCertificate")
        ]
        if name not in certified:
            yield f"there is no certificate for {name}"


def control_03(stack: Stack, environment: Environment) -> Iterator[str]:
    """The database has no public address and accepts only the server."""
    del environment
    if stack.database.get("network.publicNetworkAccess") != "Disabled":
        yield "the database has a public address"
    if stack.all("dbforpostgresql:FirewallRule"):
        yield "the database has a firewall rule: nobody is to come in by it"
    endpoints = stack.endpoints_of(stack.database)
    if len(endpoints) != 1:
        yield f"{len(endpoints)} private endpoints lead to the database"
    for each in endpoints:
        yield from _is_guarded(stack, each)
    host = stack.variables.get("PGHOST", "")
    zones = {zone.id: zone["privateZoneName"] for zone in stack.all("privatedns:PrivateZone")}
    led = {
        zones.get(config["privateDnsZoneId"])
        for group in stack.all("network:PrivateDnsZoneGroup")
        if any(each["privateEndpointName"] == group["privateEndpointName"] for each in endpoints)
        for config in group["privateDnsZoneConfigs"]
    }
    if led != {f"privatelink.{host.split('.', 1)[-1]}"}:
        yield f"{host} does not lead to the private endpoint: {led}"
    for link in stack.all("privatedns:VirtualNetworkLink"):
        if stack.at(link.get("virtualNetwork.id")) is None:
            yield f"{link['privateZoneName']} is resolved in another network than the server's"


def _is_guarded(stack: Stack, endpoint: Item) -> Iterator[str]:
    subnet = stack.at(endpoint.get("subnet.id"))
    apps = stack.at(
        stack.one("app:ManagedEnvironment").get("vnetConfiguration.infrastructureSubnetId")
    )
    group = stack.at(subnet.get("networkSecurityGroup.id")) if subnet else None
    if subnet is None or apps is None or group is None:
        yield "nothing guards the database's subnet"
        return
    if subnet.get("privateEndpointNetworkPolicies") not in {
        "NetworkSecurityGroupEnabled",
        "Enabled",
    }:
        yield "the guard has no say over private endpoints"
    rules = sorted(group["securityRules"], key=lambda each: each["priority"])
    for rule in rules:
        if rule["access"] == "Allow" and rule["direction"] == "Inbound":
            if rule.get("sourceAddressPrefix") != apps["addressPrefix"]:
                yield f"the database lets in {rule.get('sourceAddressPrefix')}"
            if set(rule["destinationPortRanges"]) - {"5432", "443"}:
                yield f"the guard opens {rule['destinationPortRanges']}"
    last = rules[-1]
    everything = {"sourceAddressPrefix": "*", "protocol": "*", "access": "Deny"}
    if not everything.items() <= last.items() or last["destinationPortRanges"] != ["*"]:
        yield "whoever is in the network gets through, by Azure's own rules"


def control_13(stack: Stack, environment: Environment) -> Iterator[str]:
    """Allowed hosts and CORS origins are the front door, and nothing but it."""
    front = stack.exports["tracking_uri"]
    host = front.removeprefix("https://")
    if environment.access.domain and host != environment.access.domain:
        yield f"the front door is {host}, not {environment.access.domain}"
    if not environment.access.domain and not host.startswith(f"{stack.app['containerAppName']}."):
        yield f"clients are told {front}, which is not the app's"
    yield from middleware_violations(stack.variables, host)
    if stack.app.get("configuration.ingress.corsPolicy"):
        yield "the front door answers for origins itself"
