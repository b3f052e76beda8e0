"""Holds what was registered against Azure's own schemas, in `tests/data/azure-schemas`."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from jsonschema import Draft4Validator

from tests.conftest import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stacks.azure.declared import Item

FOLDER = REPOSITORY / "tests" / "data" / "azure-schemas"
Schema = dict[str, Any]

DEFINED = {
    "app:ContainerApp": ("Microsoft.App@2025-02-02-preview", "containerApps"),
    "app:ManagedEnvironment": ("Microsoft.App@2025-02-02-preview", "managedEnvironments"),
    "app:ManagedCertificate": (
        "Microsoft.App@2025-02-02-preview",
        "managedEnvironments_managedCertificates",
    ),
    "authorization:RoleAssignment": ("Microsoft.Authorization@2022-04-01", "roleAssignments"),
    "containerregistry:Registry": (
        "Microsoft.ContainerRegistry@2023-01-01-preview",
        "registries",
    ),
    "dbforpostgresql:Configuration": (
        "Microsoft.DBforPostgreSQL@2025-08-01",
        "flexibleServers_configurations",
    ),
    "dbforpostgresql:Database": (
        "Microsoft.DBforPostgreSQL@2025-08-01",
        "flexibleServers_databases",
    ),
    "dbforpostgresql:Server": ("Microsoft.DBforPostgreSQL@2025-08-01", "flexibleServers"),
    "keyvault:Secret": ("Microsoft.KeyVault@2024-11-01", "vaults_secrets"),
    "keyvault:Vault": ("Microsoft.KeyVault@2024-11-01", "vaults"),
    "managedidentity:UserAssignedIdentity": (
        "Microsoft.ManagedIdentity@2023-01-31",
        "userAssignedIdentities",
    ),
    "monitor:ActionGroup": ("Microsoft.Insights@2018-03-01", "actionGroups"),
    "monitor:MetricAlert": ("Microsoft.Insights@2018-03-01", "metricAlerts"),
    "network:NetworkSecurityGroup": ("Microsoft.Network.NRP@2024-05-01", "networkSecurityGroups"),
    "network:PrivateDnsZoneGroup": (
        "Microsoft.Network.NRP@2024-05-01",
        "privateEndpoints_privateDnsZoneGroups",
    ),
    "network:PrivateEndpoint": ("Microsoft.Network.NRP@2024-05-01", "privateEndpoints"),
    "network:Subnet": ("Microsoft.Network.NRP@2024-05-01", "virtualNetworks_subnets"),
    "network:VirtualNetwork": ("Microsoft.Network.NRP@2024-05-01", "virtualNetworks"),
    "operationalinsights:Workspace": ("Microsoft.OperationalInsights@2023-09-01", "workspaces"),
    "privatedns:PrivateRecordSet": ("Microsoft.Network.privateDns@2024-06-01", "privateDnsZones_A"),
    "privatedns:PrivateZone": ("Microsoft.Network.privateDns@2024-06-01", "privateDnsZones"),
    "privatedns:VirtualNetworkLink": (
        "Microsoft.Network.privateDns@2024-06-01",
        "privateDnsZones_virtualNetworkLinks",
    ),
    "storage:BlobContainer": (
        "Microsoft.Storage@2024-01-01",
        "storageAccounts_blobServices_containers",
    ),
    "storage:BlobServiceProperties": (
        "Microsoft.Storage@2024-01-01",
        "storageAccounts_blobServices",
    ),
    "storage:StorageAccount": ("Microsoft.Storage@2024-01-01", "storageAccounts"),
}
UNDEFINED = {
    "authorization:ManagementLockByScope",
    "monitor:DiagnosticSetting",
    "resources:ResourceGroup",
}
RENAMED = {
    "enableHttpsTrafficOnly": "supportsHttpsTrafficOnly",
    "networkRuleSet": "networkAcls",
    "odataType": "odata.type",
}
"""Properties that Pulumi's provider calls otherwise than Azure does."""
NEWER = {"useCommonAlertSchema"}
"""Of action groups, later than the schema that there is."""


def mistakes(item: Item) -> list[str]:
    """What Azure's schema says against a resource."""
    schema = _schema(item.kind)
    wanted, names = schema["properties"], item.id.rsplit("/providers/", 1)[1].split("/")[2::2]
    body = {
        **({"properties": {}} if "properties" in schema["required"] else {}),  # sent even empty
        **_as_azure_has_it(_without_path(item, schema), schema),
        "name": "/".join(names if "/" in wanted["name"].get("pattern", "") else names[-1:]),
        "type": wanted["type"]["enum"][0],
        "apiVersion": wanted["apiVersion"]["enum"][0],
    }
    errors = Draft4Validator(schema).iter_errors(body)
    return [f"{item.name}: {'.'.join(map(str, each.path))}: {each.message}" for each in errors]


def has_tags(kind: str) -> bool:
    """Whether a kind of resource can be tagged."""
    return "tags" in _schema(kind)["properties"]


def _without_path(item: Item, schema: Schema) -> dict[str, Any]:
    """Leave out the inputs that are in the resource's id, not in its body."""
    inner = schema["properties"].get("properties", {}).get("properties", {})
    known, path = {*schema["properties"], *inner}, item.id.split("/")
    return {
        key: value
        for key, value in item.inputs.items()
        if key in known or key in RENAMED or not (value in path or item.id.startswith(str(value)))
    }


def _as_azure_has_it(value: Any, schema: Schema) -> Any:  # noqa: ANN401 - JSON
    """Put back under `properties` what Pulumi's provider lifts out of it."""
    if isinstance(value, list) and "items" in schema:
        return [_as_azure_has_it(each, schema["items"]) for each in value]
    if isinstance(value, list) and schema.get("type") == "object":
        return {each: {} for each in value}  # identities: a list for Pulumi, a mapping for Azure
    if not isinstance(value, dict):
        return value
    for variant in schema.get("oneOf", []):
        if _is_meant(value, variant):
            return _as_azure_has_it(value, variant)
    known = schema.get("properties", {})
    inner = known.get("properties", {}).get("properties", {})
    found: dict[str, Any] = {}
    for key, each in value.items():
        if key in NEWER:
            continue
        name = RENAMED.get(key, key)
        if name in known or name not in inner:
            found[name] = _as_azure_has_it(each, known.get(name, {}))
        else:
            found.setdefault("properties", {})[name] = _as_azure_has_it(each, inner[name])
    return found


def _is_meant(value: dict[str, Any], variant: Schema) -> bool:
    written = {RENAMED.get(key, key): each for key, each in value.items()}
    return all(
        written.get(key) in each["enum"]
        for key, each in variant.get("properties", {}).items()
        if key in variant.get("required", []) and "enum" in each
    )


@cache
def _schema(kind: str) -> Schema:
    file, name = DEFINED[kind]
    document = json.loads((FOLDER / f"{file}.json").read_text())
    return _strict(document["resourceDefinitions"][name], document["definitions"], ())


def _strict(schema: Schema, definitions: Schema, above: tuple[str, ...]) -> Schema:
    """Resolve references, drop template expressions, refuse properties that are not there."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return {} if name in above else _strict(definitions[name], definitions, (*above, name))
    choices = [
        each for each in schema.get("oneOf", []) if not each.get("$ref", "").endswith("expression")
    ]
    own = {
        key: _strict(each, definitions, above) for key, each in schema.get("properties", {}).items()
    }
    if choices and own:  # what all variants have, and what each has of its own
        required = schema.get("required", [])
        both = [
            {
                "type": "object",
                "properties": {**schema["properties"], **each["properties"]},
                "required": sorted({*required, *each.get("required", [])}),
            }
            for each in choices
        ]
        return {"oneOf": list(_each(both, definitions, above))}
    if choices:
        found = list(_each(choices, definitions, above))
        return found[0] if len(found) == 1 else {"oneOf": found}
    strict = {**schema, "properties": own} if own else dict(schema)
    if "items" in strict:
        strict["items"] = _strict(strict["items"], definitions, above)
    extra = strict.get("additionalProperties")
    if own:
        strict["additionalProperties"] = False
    elif isinstance(extra, dict):
        strict["additionalProperties"] = _strict(extra, definitions, above)
    return strict


def _each(schemas: list[Schema], definitions: Schema, above: tuple[str, ...]) -> Iterator[Schema]:
    for each in schemas:
        yield _strict(each, definitions, above)
