"""Controls 1, 2, 3 and 13: who gets in, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stacks.gcp.conftest import NUMBER
from tests.stacks.gcp.declared import (
    BACKEND,
    CERTIFICATE,
    ENDPOINTS,
    HTTPS_PROXY,
    NETWORK,
    POLICY,
    PRIVATE_BACKEND,
    PRIVATE_CERTIFICATE,
    PRIVATE_POLICY,
    PRIVATE_PROXY,
    PRIVATE_RULE,
    PRIVATE_TLS,
    RULE,
    TLS,
)
from tests.stacks.scorecard import middleware_violations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.config.models import Environment
    from tests.stacks.gcp.declared import Declared

EVERYBODY = {"0.0.0.0/0", "::/0"}
LAST = 2147483647


def control_01(declared: Declared, environment: Environment) -> Iterator[str]:
    """Nothing reaches MLflow unauthenticated from outside."""
    has_auth = "--app-name basic-auth" in " ".join(declared.server.get("args", []))
    ingress = declared.service.get("ingress", "INGRESS_TRAFFIC_ALL")
    is_public = ingress != "INGRESS_TRAFFIC_INTERNAL_ONLY"
    if is_public and not has_auth:
        yield "the front door is public and the server asks nobody who they are"
    if environment.server.auth == "basic" and not has_auth:
        yield "the file asks for basic auth and the server is started without"
    if environment.access.exposure == "private":
        if is_public:
            yield f"the file says private and the front door is {ingress}"
        for each in declared.all(RULE):
            yield f"the file says private and {each.name} takes the internet's traffic"
        for each in declared.all(PRIVATE_RULE):
            if each.get("loadBalancingScheme") != "INTERNAL_MANAGED":
                yield f"the file says private and {each.name} is {each.get('loadBalancingScheme')}"
    for each in declared.of(BACKEND, PRIVATE_BACKEND):
        if each.get("enableCdn") or each.get("cdnPolicy"):
            yield "the load balancer caches: one user's answer would be another's"


def control_02(declared: Declared, environment: Environment) -> Iterator[str]:
    """HTTPS only at the front door, TLS 1.2 or newer, and only who is let in."""
    if not declared.exports["tracking_uri"].startswith("https://"):
        yield f"clients are told {declared.exports['tracking_uri']}"
    if (environment.access.domain is not None) != declared.has_balancer:
        yield f"the file's domain is {environment.access.domain}, and the front door is another"
    if not declared.has_balancer:
        if set(environment.access.allowed_cidrs) - EVERYBODY:
            yield "Cloud Run lets in who is not in allowed_cidrs"
        return
    least = {"public": "INTERNAL_LOAD_BALANCER", "private": "INTERNAL_ONLY"}
    if declared.service["ingress"] != f"INGRESS_TRAFFIC_{least[environment.access.exposure]}":
        yield "who is outside reaches Cloud Run past the load balancer"
    if declared.service.get("defaultUriDisabled") is not True:
        yield "Cloud Run's own name answers beside the load balancer"
    yield from _listens(declared, environment)
    yield from _lets_in(declared, environment)


def control_03(declared: Declared, environment: Environment) -> Iterator[str]:
    """The database has no public address and accepts only the server."""
    del environment
    network = declared.one(NETWORK)
    reached = declared.settings.get("ipConfiguration", {})
    if reached.get("ipv4Enabled") is not False:
        yield "the database has a public address"
    if reached.get("authorizedNetworks"):
        yield f"the database accepts {reached['authorizedNetworks']}"
    own = _id(network.token, network["name"])
    if reached.get("privateNetwork") != own:
        yield f"the database is in {reached.get('privateNetwork')}"
    if reached.get("enablePrivatePathForGoogleCloudServices") or reached.get("pscConfigs"):
        yield "the database is open to more than its network"
    interfaces = declared.template.get("vpcAccess", {}).get("networkInterfaces", [])
    if [each.get("network") for each in interfaces] != [own]:
        yield f"the server is in {interfaces}: it cannot reach its database"
    if network.get("autoCreateSubnetworks") is not False or len(declared.subnets) != 1:
        yield "the network has room for others than the server"
    for each in declared.cloud:
        if any(word in each.token for word in WAYS_IN):
            yield f"{each.name} lets others into the database's network"


WAYS_IN = (
    "compute/firewall",
    "compute/instance",
    "compute/interconnect",
    "compute/networkPeering",
    "compute/vPN",
    "compute/haVpn",
    "compute/router",
    "vpcaccess/",
)


def control_13(declared: Declared, environment: Environment) -> Iterator[str]:
    """Allowed hosts and CORS origins are the front door, and nothing but it."""
    service = declared.service
    host = environment.access.domain or (
        f"{service['name']}-{NUMBER}.{service['location']}.run.app"
    )
    if declared.exports["tracking_uri"] != f"https://{host}":
        yield f"clients are told {declared.exports['tracking_uri']}, the front door is {host}"
    yield from middleware_violations(declared.variables, host)


def _listens(declared: Declared, environment: Environment) -> Iterator[str]:
    proxies = {
        _id(each.token, each["name"]): each for each in declared.of(HTTPS_PROXY, PRIVATE_PROXY)
    }
    for each in declared.of(RULE, PRIVATE_RULE):
        if each.get("portRange") != "443" or each["target"] not in proxies:
            yield f"port {each.get('portRange')} serves {each['target']}"
            continue
        proxy = proxies[each["target"]]
        policies = [
            tls
            for tls in declared.of(TLS, PRIVATE_TLS)
            if _id(tls.token, tls["name"]) == proxy.get("sslPolicy")
        ]
        if [tls.get("minTlsVersion") for tls in policies] != ["TLS_1_2"]:
            yield "the load balancer allows TLS older than 1.2"
        shown = proxy.get("sslCertificates") or proxy.get("certificateManagerCertificates", [])
        names = [
            domain
            for certificate in declared.of(CERTIFICATE, PRIVATE_CERTIFICATE)
            if _id(certificate.token, certificate["name"]) in shown
            for domain in certificate["managed"]["domains"]
        ]
        if names != [environment.access.domain]:
            yield f"the certificate is for {names}"
    served = [each["cloudRun"].get("service") for each in declared.all(ENDPOINTS)]
    if served != [declared.service["name"]]:
        yield f"the load balancer serves {served}"


def _lets_in(declared: Declared, environment: Environment) -> Iterator[str]:
    wanted = set(environment.access.allowed_cidrs)
    if wanted & EVERYBODY:
        return
    policies = {_id(each.token, each["name"]): each for each in declared.of(POLICY, PRIVATE_POLICY)}
    (backend,) = declared.of(BACKEND, PRIVATE_BACKEND)
    policy = policies.get(backend.get("securityPolicy", ""))
    if policy is None:
        yield "the load balancer lets everybody in"
        return
    let_in: set[str] = set()
    last = ""
    for rule in policy["rules"]:
        ranges = rule["match"].get("config", {}).get("srcIpRanges", [])
        if len(ranges) > 10 or rule.get("preview"):
            yield f"a rule takes up to 10 networks, not {len(ranges)}, and not in preview"
        if rule["action"] == "allow":
            let_in |= set(ranges)
        if rule["priority"] == LAST:
            last = rule["action"]
    if let_in != wanted:
        yield f"the load balancer lets in {sorted(let_in)}"
    if not last.startswith("deny("):
        yield f"all others get {last or 'in'}"


def _id(token: str, name: str) -> str:
    """Return the id that the test's cloud gives to what has a name."""
    return f"{token.rsplit(':', 1)[-1]}/{name}"
