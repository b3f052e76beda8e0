"""Which service answers at a name: the way a request takes through the project.

name ── Cloud Run's own
name ── certificate ── proxy, where a forwarding rule leads ── routes ── backend ── endpoint group
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_infra.rehearsal.gcp import front, private_front

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.rehearsal.pulumi.cloud import Cloud


@dataclass(frozen=True, kw_only=True)
class Chain:
    """The types of one kind of load balancer, and which services let it in."""

    rule: str
    proxy: str
    certificate: str
    certificates: str
    """What the proxy calls them."""
    routes: str
    backend: str
    ingresses: frozenset[str]


CHAINS = (
    Chain(
        rule=front.FORWARDING,
        proxy=front.PROXY,
        certificate=front.CERTIFICATE,
        certificates="sslCertificates",
        routes=front.ROUTES,
        backend=front.BACKEND,
        ingresses=frozenset({"INGRESS_TRAFFIC_ALL", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"}),
    ),
    Chain(
        rule=private_front.FORWARDING,
        proxy=private_front.PROXY,
        certificate=private_front.CERTIFICATE,
        certificates="certificateManagerCertificates",
        routes=private_front.ROUTES,
        backend=private_front.BACKEND,
        # https://cloud.google.com/run/docs/securing/ingress
        ingresses=frozenset(
            {
                "INGRESS_TRAFFIC_ALL",
                "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
                "INGRESS_TRAFFIC_INTERNAL_ONLY",
            }
        ),
    ),
)


def service_behind(cloud: Cloud, host: str) -> str | None:
    """Return the id of the Cloud Run service that gets what is sent to `https://host`, or None."""
    behind = {
        (*place, ingress)
        for chain in CHAINS
        for place in _named(cloud, chain, host)
        for ingress in chain.ingresses
    }
    for service_id, service in cloud.of(front.SERVICE).items():
        if service.outputs["uri"] == f"https://{host}":
            return service_id
        own = service.inputs
        if (own["location"], own["name"], own.get("ingress")) in behind:
            return service_id
    return None


def _named(cloud: Cloud, chain: Chain, host: str) -> Iterator[tuple[str, str]]:
    """Yield region and name of each service that a load balancer of that domain leads to."""
    certified = {
        certificate_id
        for certificate_id, each in cloud.of(chain.certificate).items()
        if host in each.inputs["managed"]["domains"]
    }
    for rule in cloud.of(chain.rule).values():
        proxy = cloud.of(chain.proxy)[rule.inputs["target"]]
        if not certified & set(proxy.inputs[chain.certificates]):
            continue
        routes = cloud.of(chain.routes)[proxy.inputs["urlMap"]]
        backend = cloud.of(chain.backend)[routes.inputs["defaultService"]]
        for each in backend.inputs["backends"]:
            group = cloud.of(front.ENDPOINTS)[each["group"]].inputs
            yield group["region"], group["cloudRun"]["service"]
