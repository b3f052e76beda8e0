"""Which service answers at a public name: the way a request takes through the account.

name ── CloudFront distribution ── VPC origin ──┐
name ── Route 53 alias ─────────────────────────┴─ load balancer ── listener ── target group
"""

# ruff: noqa: SLF001 - ministack keeps its resources in module-level stores and offers no other door

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from defusedxml.ElementTree import fromstring

from mlops_infra.rehearsal.aws.innards import alb, cloudfront, ecs, route53

if TYPE_CHECKING:
    from collections.abc import Iterator

Record = dict[str, Any]


def service_behind(host: str) -> str | None:
    """Return the ARN of the ECS service that gets what is sent to `https://host`, or None."""
    for balancer, port in _balancers(host):
        for listener in alb._listeners.values():
            if (listener["LoadBalancerArn"], int(listener["Port"])) != (balancer, port):
                continue
            groups = {action.get("TargetGroupArn") for action in listener["DefaultActions"]}
            for service in ecs._services.values():
                if service["status"] == "ACTIVE" and groups & target_groups(service):
                    return service["serviceArn"]
    return None


def target_groups(service: Record) -> set[str]:
    """Return the ARNs of the groups that a service registers its tasks in."""
    return {target["targetGroupArn"] for target in service["loadBalancers"]}


def _balancers(host: str) -> Iterator[tuple[str, int]]:
    """Yield the load balancer that a name leads to, and the port that is asked there."""
    for distribution in cloudfront._distributions.values():
        if distribution["DomainName"] == host:
            origin = fromstring(distribution["config_xml"]).findtext(".//{*}VpcOriginId")
            endpoint = cloudfront._vpc_origins[origin]["VpcOriginEndpointConfig"]
            yield endpoint["Arn"], int(endpoint["HTTPPort"])
    for records in list(route53._records.values()):
        for record in records:
            alias = (record.get("AliasTarget") or {}).get("DNSName", "")
            if record["Name"].rstrip(".") == host and alias:
                for arn, balancer in alb._lbs.items():
                    if alias.rstrip(".").removeprefix("dualstack.") == balancer["DNSName"]:
                        yield arn, 443
