"""Which service answers at a public name: the way a request takes through the project.

name ── Cloud Run's own
name ── certificate ── proxy ── routes ── backend ── endpoint group
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.rehearsal.gcp.front import BACKEND, CERTIFICATE, ENDPOINTS, PROXY, ROUTES, SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.rehearsal.pulumi.cloud import Cloud

FROM_BALANCER = {"INGRESS_TRAFFIC_ALL", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"}


def service_behind(cloud: Cloud, host: str) -> str | None:
    """Return the id of the Cloud Run service that gets what is sent to `https://host`, or None."""
    behind = set(_named(cloud, host))
    for service_id, service in cloud.of(SERVICE).items():
        if service.outputs["uri"] == f"https://{host}":
            return service_id
        place = (service.inputs["location"], service.inputs["name"])
        if place in behind and service.inputs.get("ingress") in FROM_BALANCER:
            return service_id
    return None


def _named(cloud: Cloud, host: str) -> Iterator[tuple[str, str]]:
    """Yield region and name of each service that a load balancer of that domain leads to."""
    certified = {
        certificate_id
        for certificate_id, each in cloud.of(CERTIFICATE).items()
        if host in each.inputs["managed"]["domains"]
    }
    for proxy in cloud.of(PROXY).values():
        if not certified & set(proxy.inputs["sslCertificates"]):
            continue
        routes = cloud.of(ROUTES)[proxy.inputs["urlMap"]]
        backend = cloud.of(BACKEND)[routes.inputs["defaultService"]]
        for each in backend.inputs["backends"]:
            group = cloud.of(ENDPOINTS)[each["group"]].inputs
            yield group["region"], group["cloudRun"]["service"]
