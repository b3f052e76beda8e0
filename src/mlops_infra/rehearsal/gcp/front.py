"""The load balancer of a public domain: a chain in which each part names the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi_gcp as gcp

from mlops_infra.rehearsal.gcp.project import require, resource
from mlops_infra.rehearsal.pulumi.description import CloudError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlops_infra.rehearsal.pulumi.description import Call

GLOBAL = "projects/{project}/global"
SERVICE = "gcp:cloudrunv2/service:Service"
ENDPOINTS = "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup"
BACKEND = "gcp:compute/backendService:BackendService"
POLICY = "gcp:compute/securityPolicy:SecurityPolicy"
ROUTES = "gcp:compute/uRLMap:URLMap"
PROXY = "gcp:compute/targetHttpsProxy:TargetHttpsProxy"
CERTIFICATE = "gcp:compute/managedSslCertificate:ManagedSslCertificate"
TLS = "gcp:compute/sSLPolicy:SSLPolicy"
LAST_PRIORITY = 2147483647
RANGES_PER_RULE = 10


def _refuse_backend(call: Call) -> None:
    for each in call.inputs["backends"]:
        require(call, ENDPOINTS, each["group"])
    if call.inputs.get("securityPolicy"):
        require(call, POLICY, call.inputs["securityPolicy"])


def _refuse_proxy(call: Call) -> None:
    require(call, ROUTES, call.inputs["urlMap"])
    for each in call.inputs.get("sslCertificates", []):
        require(call, CERTIFICATE, each)
    if call.inputs.get("sslPolicy"):
        require(call, TLS, call.inputs["sslPolicy"])


def refuse_policy(call: Call) -> None:
    """Refuse a security policy that Google Cloud does not take."""
    rules = call.inputs["rules"]
    if [each["priority"] for each in rules].count(LAST_PRIORITY) != 1:
        raise CloudError("Error 400: a security policy needs a default rule")
    for each in rules:
        if len(each["match"]["config"]["srcIpRanges"]) > RANGES_PER_RULE:
            raise CloudError("Error 400: a rule takes up to 10 source ranges")


def used_by(kind: str, *paths: str) -> Callable[[Call], None]:
    """Return what refuses to delete something that a resource of `kind` names in an input."""

    def refuse(call: Call) -> None:
        for user_id, user in call.cloud.of(kind).items():
            named = [user.inputs.get(path) for path in paths]
            if call.id in named or any(
                isinstance(each, list) and call.id in each for each in named
            ):
                raise CloudError(f"Error 400: '{call.id}' is already being used by '{user_id}'")

    return refuse


FORWARDING = "gcp:compute/globalForwardingRule:GlobalForwardingRule"
TYPES = (
    resource(
        gcp.compute.RegionNetworkEndpointGroup,
        "projects/{project}/regions/{region}/networkEndpointGroups/{name}",
        replace_on=frozenset({"cloudRun", "networkEndpointType"}),
    ),
    resource(
        gcp.compute.SecurityPolicy,
        f"{GLOBAL}/securityPolicies/{{name}}",
        computed=lambda _: {"fingerprint": "AAAA", "type": "CLOUD_ARMOR"},
        refuse=refuse_policy,
        before_delete=used_by(BACKEND, "securityPolicy"),
    ),
    resource(
        gcp.compute.BackendService,
        f"{GLOBAL}/backendServices/{{name}}",
        replace_on=frozenset({"loadBalancingScheme"}),
        computed=lambda _: {"fingerprint": "AAAA", "generatedId": 4711},
        refuse=_refuse_backend,
        before_delete=used_by(ROUTES, "defaultService"),
    ),
    resource(
        gcp.compute.ManagedSslCertificate,
        f"{GLOBAL}/sslCertificates/{{name}}",
        replace_on=frozenset({"managed"}),
        computed=lambda _: {"certificateId": 4711, "type": "MANAGED"},
        before_delete=used_by(PROXY, "sslCertificates"),
    ),
    resource(
        gcp.compute.SSLPolicy,
        f"{GLOBAL}/sslPolicies/{{name}}",
        enums={"minTlsVersion": frozenset({"TLS_1_0", "TLS_1_1", "TLS_1_2"})},
        computed=lambda _: {"fingerprint": "AAAA", "enabledFeatures": []},
        before_delete=used_by(PROXY, "sslPolicy"),
    ),
    resource(
        gcp.compute.URLMap,
        f"{GLOBAL}/urlMaps/{{name}}",
        computed=lambda _: {"fingerprint": "AAAA", "mapId": 4711},
        refuse=lambda call: (require(call, BACKEND, call.inputs["defaultService"]), None)[1],
        before_delete=used_by(PROXY, "urlMap"),
    ),
    resource(
        gcp.compute.TargetHttpsProxy,
        f"{GLOBAL}/targetHttpsProxies/{{name}}",
        computed=lambda _: {"proxyId": 4711},
        refuse=_refuse_proxy,
        before_delete=used_by(FORWARDING, "target"),
    ),
    resource(
        gcp.compute.GlobalForwardingRule,
        f"{GLOBAL}/forwardingRules/{{name}}",
        replace_on=frozenset({"ipAddress", "portRange", "loadBalancingScheme"}),
        computed=lambda _: {"labelFingerprint": "AAAA"},
        refuse=lambda call: (require(call, PROXY, call.inputs["target"]), None)[1],
    ),
)
