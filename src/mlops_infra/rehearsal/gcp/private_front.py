"""The load balancer of a private domain: the regional kinds of what `front.py` has."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pulumi_gcp as gcp

from mlops_infra.rehearsal.gcp.front import ENDPOINTS, refuse_policy, used_by
from mlops_infra.rehearsal.gcp.network import NETWORK, PROXIES, SUBNET
from mlops_infra.rehearsal.gcp.project import region, require, resource
from mlops_infra.rehearsal.pulumi.description import CloudError

if TYPE_CHECKING:
    from mlops_infra.rehearsal.pulumi.description import Call, Properties

REGION = "projects/{project}/regions/{region}"
LOCATION = "projects/{project}/locations/{location}"
ADDRESS = "gcp:compute/address:Address"
BACKEND = "gcp:compute/regionBackendService:RegionBackendService"
POLICY = "gcp:compute/regionSecurityPolicy:RegionSecurityPolicy"
ROUTES = "gcp:compute/regionUrlMap:RegionUrlMap"
PROXY = "gcp:compute/regionTargetHttpsProxy:RegionTargetHttpsProxy"
CERTIFICATE = "gcp:certificatemanager/certificate:Certificate"
AUTHORIZATION = "gcp:certificatemanager/dnsAuthorization:DnsAuthorization"
TLS = "gcp:compute/regionSslPolicy:RegionSslPolicy"
FORWARDING = "gcp:compute/forwardingRule:ForwardingRule"
SCHEME = "INTERNAL_MANAGED"
FRONT_ADDRESS = "10.0.0.5"


def _refuse_address(call: Call) -> None:
    if call.inputs.get("addressType") != "INTERNAL":
        raise CloudError("Error 400: a private front door has an internal address")
    require(call, SUBNET, call.inputs["subnetwork"])


def _refuse_backend(call: Call) -> None:
    for each in call.inputs["backends"]:
        group = require(call, ENDPOINTS, each["group"])
        if group.inputs["region"] != region(call):
            raise CloudError("Error 400: the endpoint group must be in the backend's region")
    if not sum(each.get("capacityScaler", 0) for each in call.inputs["backends"]):
        raise CloudError("Error 400: at least one backend must have a capacity scaler above 0")
    if call.inputs.get("securityPolicy"):
        require(call, POLICY, call.inputs["securityPolicy"])


def _refuse_certificate(call: Call) -> None:
    """Refuse what is not proved at the same place: a global proof is of no use to a region."""
    proved = set()
    for each in call.inputs["managed"]["dnsAuthorizations"]:
        proof = require(call, AUTHORIZATION, each)
        if proof.inputs.get("location") != call.inputs.get("location"):
            raise CloudError(f"Error 400: '{each}' is not in the certificate's location")
        proved.add(proof.inputs["domain"])
    if proved != set(call.inputs["managed"]["domains"]):
        raise CloudError("Error 400: each domain needs a DNS authorization of its own")


def _refuse_authorization(call: Call) -> None:
    if call.inputs.get("type") == "FIXED_RECORD" and call.inputs.get("location") != "global":
        raise CloudError("Error 400: FIXED_RECORD is not supported in a regional location")


def _refuse_used_authorization(call: Call) -> None:
    for user_id, user in call.cloud.of(CERTIFICATE).items():
        if call.id in user.inputs["managed"]["dnsAuthorizations"]:
            raise CloudError(f"Error 400: '{call.id}' is already being used by '{user_id}'")


def _record(call: Call) -> Properties:
    domain, digest = call.inputs["domain"], sha256(call.id.encode()).hexdigest()
    return {
        "dnsResourceRecords": [
            {
                "name": f"_acme-challenge_{digest[:16]}.{domain}.",
                "type": "CNAME",
                "data": f"{digest[16:52]}.{digest[52:]}.{call.inputs['location']}"
                ".authorize.certificatemanager.goog.",
            }
        ]
    }


def _refuse_proxy(call: Call) -> None:
    require(call, ROUTES, call.inputs["urlMap"])
    for each in call.inputs.get("certificateManagerCertificates", []):
        found = require(call, CERTIFICATE, each)
        if found.inputs.get("location") != region(call):
            raise CloudError(f"Error 400: '{each}' is not in the proxy's region")
    if call.inputs.get("sslPolicy"):
        require(call, TLS, call.inputs["sslPolicy"])


def _refuse_forwarding(call: Call) -> None:
    require(call, PROXY, call.inputs["target"])
    require(call, NETWORK, call.inputs["network"])
    require(call, SUBNET, call.inputs["subnetwork"])
    if not any(
        each.inputs.get("purpose") == PROXIES and each.inputs["network"] == call.inputs["network"]
        for each in call.cloud.of(SUBNET).values()
    ):
        raise CloudError(
            "Error 400: An active proxy-only subnetwork is required in the same region and VPC as"
            " the forwarding rule"
        )


TYPES = (
    resource(
        gcp.compute.Address,
        f"{REGION}/addresses/{{name}}",
        replace_on=frozenset({"address", "addressType", "subnetwork"}),
        enums={"addressType": frozenset({"INTERNAL", "EXTERNAL"})},
        computed=lambda _: {"address": FRONT_ADDRESS, "prefixLength": 0, "users": []},
        refuse=_refuse_address,
    ),
    resource(
        gcp.compute.RegionSecurityPolicy,
        f"{REGION}/securityPolicies/{{name}}",
        enums={"type": frozenset({"CLOUD_ARMOR", "CLOUD_ARMOR_EDGE", "CLOUD_ARMOR_NETWORK"})},
        computed=lambda _: {"fingerprint": "AAAA", "policyId": "4711"},
        refuse=refuse_policy,
        before_delete=used_by(BACKEND, "securityPolicy"),
    ),
    resource(
        gcp.compute.RegionBackendService,
        f"{REGION}/backendServices/{{name}}",
        replace_on=frozenset({"loadBalancingScheme"}),
        enums={
            "loadBalancingScheme": frozenset({SCHEME}),
            "protocol": frozenset({"HTTP", "HTTPS", "HTTP2", "H2C"}),
        },
        computed=lambda _: {"fingerprint": "AAAA", "generatedId": 4711},
        refuse=_refuse_backend,
        before_delete=used_by(ROUTES, "defaultService"),
    ),
    resource(
        gcp.certificatemanager.DnsAuthorization,
        f"{LOCATION}/dnsAuthorizations/{{name}}",
        replace_on=frozenset({"domain", "type"}),
        enums={"type": frozenset({"FIXED_RECORD", "PER_PROJECT_RECORD"})},
        computed=_record,
        refuse=_refuse_authorization,
        before_delete=_refuse_used_authorization,
    ),
    resource(
        gcp.certificatemanager.Certificate,
        f"{LOCATION}/certificates/{{name}}",
        replace_on=frozenset({"managed", "scope"}),
        computed=lambda call: {"sanDnsnames": call.inputs["managed"]["domains"]},
        refuse=_refuse_certificate,
        before_delete=used_by(PROXY, "certificateManagerCertificates"),
    ),
    resource(
        gcp.compute.RegionSslPolicy,
        f"{REGION}/sslPolicies/{{name}}",
        enums={"minTlsVersion": frozenset({"TLS_1_0", "TLS_1_1", "TLS_1_2"})},
        computed=lambda _: {"fingerprint": "AAAA", "enabledFeatures": []},
        before_delete=used_by(PROXY, "sslPolicy"),
    ),
    resource(
        gcp.compute.RegionUrlMap,
        f"{REGION}/urlMaps/{{name}}",
        computed=lambda _: {"fingerprint": "AAAA", "mapId": 4711},
        refuse=lambda call: (require(call, BACKEND, call.inputs["defaultService"]), None)[1],
        before_delete=used_by(PROXY, "urlMap"),
    ),
    resource(
        gcp.compute.RegionTargetHttpsProxy,
        f"{REGION}/targetHttpsProxies/{{name}}",
        computed=lambda _: {"proxyId": 4711},
        refuse=_refuse_proxy,
        before_delete=used_by(FORWARDING, "target"),
    ),
    resource(
        gcp.compute.ForwardingRule,
        f"{REGION}/forwardingRules/{{name}}",
        replace_on=frozenset(
            {"ipAddress", "portRange", "loadBalancingScheme", "network", "subnetwork"}
        ),
        enums={"loadBalancingScheme": frozenset({SCHEME})},
        computed=lambda _: {"labelFingerprint": "AAAA", "forwardingRuleId": 4711},
        refuse=_refuse_forwarding,
    ),
)
