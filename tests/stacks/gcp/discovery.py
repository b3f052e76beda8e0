"""Google's own description of its APIs, held against what the stack gives the provider.

The provider names things as Terraform does: a list is in the plural, and some have another name.
So each type says what differs; all else must be named as the API names it, and every value of an
enumeration must be one of its. What the provider alone knows is not checked: `PROVIDERS_OWN`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import googleapiclient

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DOCUMENTS = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
PROVIDERS_OWN = {"deletionProtection", "deletionPolicy", "location", "project", "region"}
"""Inputs of many types that steer the provider, or are part of an address."""


@dataclass(frozen=True, kw_only=True)
class Described:
    """Where the API describes a type, and what the provider calls otherwise."""

    document: str
    schema: str
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Path of an input, without positions, to the API's own name of it."""
    own: frozenset[str] = frozenset()
    """More inputs that only the provider knows, or that are shaped otherwise."""


def _compute(schema: str, *own: str, **renamed: str) -> Described:
    return Described(document="compute.v1.json", schema=schema, own=frozenset(own), renamed=renamed)


DESCRIBED = {
    "gcp:cloudrunv2/service:Service": Described(
        document="run.v2.json",
        schema="GoogleCloudRunV2Service",
        renamed={
            "traffics": "traffic",
            "template.containers.dependsOns": "dependsOn",
            "template.containers.envs": "env",
        },
    ),
    "gcp:sql/databaseInstance:DatabaseInstance": Described(
        document="sqladmin.v1.json",
        schema="DatabaseInstance",
        renamed={
            "settings.diskAutoresize": "storageAutoResize",
            "settings.diskAutoresizeLimit": "storageAutoResizeLimit",
            "settings.diskSize": "dataDiskSizeGb",
            "settings.diskType": "dataDiskType",
        },
        own=frozenset({"finalBackupDescription", "restoreBackupContext"}),  # of other methods
    ),
    "gcp:sql/database:Database": Described(document="sqladmin.v1.json", schema="Database"),
    "gcp:sql/user:User": Described(document="sqladmin.v1.json", schema="User"),
    "gcp:storage/bucket:Bucket": Described(
        document="storage.v1.json",
        schema="Bucket",
        # Two of them are inside `iamConfiguration`, the rules inside `lifecycle`.
        own=frozenset(
            {
                "forceDestroy",
                "lifecycleRules",
                "publicAccessPrevention",
                "uniformBucketLevelAccess",
            }
        ),
    ),
    "gcp:artifactregistry/repository:Repository": Described(
        document="artifactregistry.v1.json",
        schema="Repository",
        own=frozenset({"cleanupPolicies", "repositoryId"}),  # a map there
    ),
    "gcp:secretmanager/secret:Secret": Described(
        document="secretmanager.v1.json", schema="Secret", own=frozenset({"secretId"})
    ),
    "gcp:serviceaccount/account:Account": Described(
        document="iam.v1.json", schema="ServiceAccount", own=frozenset({"accountId"})
    ),
    "gcp:logging/projectBucketConfig:ProjectBucketConfig": Described(
        document="logging.v2.json", schema="LogBucket", own=frozenset({"bucketId"})
    ),
    "gcp:logging/projectSink:ProjectSink": Described(
        document="logging.v2.json", schema="LogSink", own=frozenset({"uniqueWriterIdentity"})
    ),
    "gcp:monitoring/alertPolicy:AlertPolicy": Described(
        document="monitoring.v3.json", schema="AlertPolicy"
    ),
    "gcp:monitoring/notificationChannel:NotificationChannel": Described(
        document="monitoring.v3.json", schema="NotificationChannel", own=frozenset({"forceDelete"})
    ),
    "gcp:compute/network:Network": _compute("Network"),
    "gcp:compute/subnetwork:Subnetwork": _compute("Subnetwork"),
    "gcp:compute/globalAddress:GlobalAddress": _compute("Address"),
    "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup": _compute(
        "NetworkEndpointGroup"
    ),
    "gcp:compute/backendService:BackendService": _compute("BackendService", enableCdn="enableCDN"),
    "gcp:compute/managedSslCertificate:ManagedSslCertificate": _compute("SslCertificate"),
    "gcp:compute/sSLPolicy:SSLPolicy": _compute("SslPolicy"),
    "gcp:compute/uRLMap:URLMap": _compute("UrlMap"),
    "gcp:compute/targetHttpsProxy:TargetHttpsProxy": _compute("TargetHttpsProxy"),
    "gcp:compute/globalForwardingRule:GlobalForwardingRule": _compute(
        "ForwardingRule", ipAddress="IPAddress", ipProtocol="IPProtocol"
    ),
    "gcp:compute/securityPolicy:SecurityPolicy": _compute("SecurityPolicy"),
    "gcp:compute/address:Address": _compute("Address"),
    "gcp:compute/regionBackendService:RegionBackendService": _compute("BackendService"),
    "gcp:compute/regionSslPolicy:RegionSslPolicy": _compute("SslPolicy"),
    "gcp:compute/regionUrlMap:RegionUrlMap": _compute("UrlMap"),
    "gcp:compute/regionTargetHttpsProxy:RegionTargetHttpsProxy": _compute(
        "TargetHttpsProxy", certificateManagerCertificates="sslCertificates"
    ),
    "gcp:compute/forwardingRule:ForwardingRule": _compute(
        "ForwardingRule", ipAddress="IPAddress", ipProtocol="IPProtocol"
    ),
    "gcp:compute/regionSecurityPolicy:RegionSecurityPolicy": _compute("SecurityPolicy"),
    "gcp:certificatemanager/certificate:Certificate": Described(
        document="certificatemanager.v1.json", schema="Certificate"
    ),
    "gcp:certificatemanager/dnsAuthorization:DnsAuthorization": Described(
        document="certificatemanager.v1.json", schema="DnsAuthorization"
    ),
}

NOT_DESCRIBED = {
    "gcp:projects/service:Service": "a switch, not a resource of the API",
    "gcp:secretmanager/secretIamMember:SecretIamMember": "one line of a policy",
    "gcp:secretmanager/secretVersion:SecretVersion": "its data goes in encoded",
    "gcp:servicenetworking/connection:Connection": "another shape altogether",
    "gcp:storage/bucketIAMMember:BucketIAMMember": "one line of a policy",
}


def mistakes(token: str, inputs: Mapping[str, Any]) -> Iterator[str]:
    """Yield each input that Google's API does not know, and each value that it does not take."""
    described = DESCRIBED[token]
    given = {
        key: value for key, value in inputs.items() if key not in PROVIDERS_OWN | described.own
    }
    schemas = _schemas(described.document)
    yield from _in_object(given, schemas[described.schema], described, "")


@cache
def _schemas(document: str) -> dict[str, Any]:
    return json.loads((DOCUMENTS / document).read_text())["schemas"]


def _in_object(
    value: Mapping[str, Any], schema: Mapping[str, Any], described: Described, path: str
) -> Iterator[str]:
    known = schema.get("properties", {})
    for key, each in value.items():
        below = f"{path}.{key}" if path else key
        name = described.renamed.get(below, key)
        if name in known:
            yield from _in_value(each, known[name], described, below)
        elif "additionalProperties" in schema:
            yield from _in_value(each, schema["additionalProperties"], described, below)
        else:
            yield f"{below} is not in {schema.get('id', 'this object')}"


def _in_value(
    value: Any,  # noqa: ANN401 - JSON
    schema: Mapping[str, Any],
    described: Described,
    path: str,
) -> Iterator[str]:
    if "$ref" in schema:
        schema = _schemas(described.document)[schema["$ref"]]
    if schema.get("type") == "array" and isinstance(value, list):
        for each in value:
            yield from _in_value(each, schema["items"], described, path)
    elif schema.get("type") == "array" and isinstance(value, dict):  # the provider takes just one
        yield from _in_value(value, schema["items"], described, path)
    elif isinstance(value, dict):
        yield from _in_object(value, schema, described, path)
    elif "enum" in schema and value not in schema["enum"]:
        yield f"{path}: '{value}' is not one of {', '.join(schema['enum'])}"
    elif not isinstance(value, TYPES.get(schema.get("type", "any"), object)):
        is_text_of_number = schema.get("format") in {"int64", "uint64"} and isinstance(value, int)
        if not is_text_of_number:
            yield f"{path}: {value!r} is not a {schema['type']}"


TYPES = {"string": str, "boolean": bool, "integer": int, "number": (int, float), "array": list}
