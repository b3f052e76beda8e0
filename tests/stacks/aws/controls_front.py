"""Controls 1, 2, 3 and 13: who gets in, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.stacks.scorecard import middleware_violations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.config.models import Environment
    from tests.stacks.aws.template import Resource, Template

CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
ALL_VIEWER_AND_CLOUDFRONT = "33f36d7e-f396-46d9-90e0-52428a34d9dc"
"""https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/
using-managed-origin-request-policies.html"""


def control_01(template: Template, environment: Environment) -> Iterator[str]:
    """Nothing reaches MLflow unauthenticated from outside."""
    command = " ".join(template.container.get("Command", []))
    has_auth = "--app-name basic-auth" in command
    is_public = bool(template.all("CloudFront::Distribution")) or any(
        each.get("Scheme") != "internal"
        for each in template.all("ElasticLoadBalancingV2::LoadBalancer")
    )
    if is_public and not has_auth:
        yield "the front door is public and the server asks nobody who they are"
    if environment.server.auth == "basic" and not has_auth:
        yield "the file asks for basic auth and the server is started without"
    if is_public and environment.access.exposure == "private":
        yield "the file says private and the front door is public"
    doors = {
        group
        for each in template.all("ElasticLoadBalancingV2::LoadBalancer")
        for group in each.get("SecurityGroups", [])
    }
    for group in template.server_groups:
        for rule in template.ingress(group):
            if rule.source not in doors or rule.ports != (5000, 5000):
                yield f"{rule.source} reaches the tasks past the load balancer, on {rule.ports}"
    for behavior in _behaviors(template):
        if behavior.get("CachePolicyId") != CACHING_DISABLED:
            yield "CloudFront caches: one user's answer would be another's"


def control_02(template: Template, environment: Environment) -> Iterator[str]:
    """HTTPS only at the front door, TLS 1.2 or newer."""
    if not template.outputs["TrackingUri"].startswith("https://"):
        yield f"clients are told {template.outputs['TrackingUri']}"
    yield from _distributions(template)
    for balancer in template.all("ElasticLoadBalancingV2::LoadBalancer"):
        listeners = [
            each
            for each in template.all("ElasticLoadBalancingV2::Listener")
            if each["LoadBalancerArn"] == balancer.ref
        ]
        if template.all("CloudFront::Distribution"):
            yield from _is_behind_cloudfront(template, balancer, listeners)
        else:
            yield from _is_the_front_door(template, environment, balancer, listeners)


def control_03(template: Template, environment: Environment) -> Iterator[str]:
    """The database has no public address and accepts only the server."""
    del environment
    instance = template.one("RDS::DBInstance")
    if instance.get("PubliclyAccessible") is not False:
        yield "the database has a public address"
    groups = instance.get("VPCSecurityGroups", [])
    if not groups:
        yield "the database is in the network's default group"
    for group in groups:
        for rule in template.ingress(group):
            if rule.source not in template.server_groups:
                yield f"the database lets in {rule.source}"
            if (rule.protocol, *rule.ports) != ("tcp", 5432, 5432):
                yield f"the database lets in {rule.protocol} {rule.ports}"
    subnets = template.at(instance.get("DBSubnetGroupName", ""))
    if subnets is None or template.subnets_reach_out(subnets["SubnetIds"]):
        yield "the database's subnets have a route to the internet"


def control_13(template: Template, environment: Environment) -> Iterator[str]:
    """Allowed hosts and CORS origins are the front door, and nothing but it."""
    host = _front_door(template)
    if environment.access.domain and host != environment.access.domain:
        yield f"the front door is {host}, not {environment.access.domain}"
    if template.outputs["TrackingUri"] != f"https://{host}":
        yield f"clients are told {template.outputs['TrackingUri']}, the front door is {host}"
    yield from middleware_violations(template.variables, host)
    for behavior in _behaviors(template):
        if behavior.get("OriginRequestPolicyId") not in {ALL_VIEWER, ALL_VIEWER_AND_CLOUDFRONT}:
            yield "CloudFront keeps Host, Origin or Authorization from the server"


def _front_door(template: Template) -> str:
    distributions = template.all("CloudFront::Distribution")
    if distributions:
        return distributions[0].att("DomainName")
    balancer = template.one("ElasticLoadBalancingV2::LoadBalancer")
    for record in template.all("Route53::RecordSet"):
        if balancer.att("DNSName") in record.get("AliasTarget", {}).get("DNSName", ""):
            return record["Name"].rstrip(".")
    return balancer.att("DNSName")


def _behaviors(template: Template) -> Iterator[dict[str, Any]]:
    for each in template.all("CloudFront::Distribution"):
        config = each["DistributionConfig"]
        yield config["DefaultCacheBehavior"]
        yield from config.get("CacheBehaviors", [])


def _distributions(template: Template) -> Iterator[str]:
    for each in template.all("CloudFront::Distribution"):
        config = each["DistributionConfig"]
        least = config.get("ViewerCertificate", {}).get("MinimumProtocolVersion", "TLSv1")
        for behavior in _behaviors(template):
            if behavior["ViewerProtocolPolicy"] not in {"redirect-to-https", "https-only"}:
                yield "CloudFront serves plain HTTP"
            if not least.startswith(("TLSv1.2", "TLSv1.3")) and not _refuses(template, behavior):
                yield f"CloudFront serves {least}, and no function refuses it"
        for origin in config["Origins"]:
            target = template.at(origin.get("VpcOriginConfig", {}).get("VpcOriginId", ""))
            if target is None:
                yield "CloudFront reaches its origin over the internet"


def _refuses(template: Template, behavior: dict[str, Any]) -> bool:
    """Whether a function that reads the viewer's TLS version sees each request, and can read it."""
    codes = [
        function["FunctionCode"]
        for association in behavior.get("FunctionAssociations", [])
        if association["EventType"] == "viewer-request"
        and (function := template.at(association["FunctionARN"])) is not None
    ]
    can_read = behavior.get("OriginRequestPolicyId") == ALL_VIEWER_AND_CLOUDFRONT
    return can_read and any("cloudfront-viewer-tls" in code for code in codes)


def _is_behind_cloudfront(
    template: Template, balancer: Resource, listeners: list[Resource]
) -> Iterator[str]:
    if balancer.get("Scheme") != "internal":
        yield "the load balancer behind CloudFront has a public address"
    origins = [each["VpcOriginEndpointConfig"] for each in template.all("CloudFront::VpcOrigin")]
    if [each["Arn"] for each in origins] != [balancer.ref]:
        yield "CloudFront's origin is not this load balancer"
    ports = {each["Port"] for each in listeners}
    for group in balancer["SecurityGroups"]:
        for rule in template.ingress(group):
            if not rule.source.startswith("pl-") or rule.ports[0] not in ports:
                yield f"{rule.source} reaches the load balancer past CloudFront"


def _is_the_front_door(
    template: Template, environment: Environment, balancer: Resource, listeners: list[Resource]
) -> Iterator[str]:
    if not any(each["Protocol"] == "HTTPS" for each in listeners):
        yield "the load balancer has no HTTPS"
    for each in listeners:
        if each["Protocol"] == "HTTPS":
            policy = each.get("SslPolicy", "ELBSecurityPolicy-2016-08")
            if not policy.startswith(
                ("ELBSecurityPolicy-TLS13-1-2", "ELBSecurityPolicy-TLS13-1-3")
            ):
                yield f"{policy} allows TLS older than 1.2"
            if not each.get("Certificates"):
                yield "HTTPS without a certificate"
        elif not all(_redirects(action) for action in each["DefaultActions"]):
            yield f"port {each['Port']} serves plain HTTP"
    rules = [rule for group in balancer["SecurityGroups"] for rule in template.ingress(group)]
    if {rule.source for rule in rules} != set(environment.access.allowed_cidrs):
        yield f"the front door lets in {sorted({rule.source for rule in rules})}"
    for rule in rules:
        if rule.protocol != "tcp" or rule.ports not in {(80, 80), (443, 443)}:
            yield f"the front door is open on {rule.protocol} {rule.ports}"


def _redirects(action: dict[str, Any]) -> bool:
    to = action.get("RedirectConfig", {})
    return action["Type"] == "redirect" and (to.get("Protocol"), to.get("Port")) == ("HTTPS", "443")
