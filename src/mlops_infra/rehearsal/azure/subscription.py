"""What Azure tells of a subscription: itself, what is registered and allowed in it, its limits.

The settings `state`, `subscriptions`, `unregistered`, `permissions` and `usages` change it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlops_infra.rehearsal.azure.arm import GROUP
from mlops_infra.rehearsal.pulumi.web import json_of

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from mlops_infra.rehearsal.pulumi.web import Asked

NAMESPACES = (
    "App",
    "Authorization",
    "ContainerRegistry",
    "DBforPostgreSQL",
    "Insights",
    "KeyVault",
    "ManagedIdentity",
    "Network",
    "OperationalInsights",
    "Resources",
    "Storage",
)
LIMIT = 1000
"""Of a subscription whose limits have been raised."""

USAGES = {
    "Microsoft.App/locations/{}/usages": {
        "ManagedEnvironmentCount": "azure-native:app:ManagedEnvironment"
    },
    "Microsoft.Storage/locations/{}/usages": {
        "StorageAccounts": "azure-native:storage:StorageAccount"
    },
    "Microsoft.Network/locations/{}/usages": {
        "VirtualNetworks": "azure-native:network:VirtualNetwork"
    },
    "Microsoft.DBforPostgreSQL/locations/{}/resourceType/flexibleServers/usages": {
        "cores": "azure-native:dbforpostgresql:Server"
    },
}
"""What each counts; of a server as if it had one core."""

OWNER = [{"actions": ["*"], "notActions": []}]


def answer(asked: Asked) -> Response | None:
    """Answer for the subscription, or for a group's permissions; None where it is about others."""
    found = re.fullmatch(r"/subscriptions/(?P<id>[^/]+)(?P<rest>.*)", asked.request.path)
    if found is None:
        return None
    known = asked.settings.get("subscriptions", [found["id"]])
    if found["id"] not in known:
        return _not_found("SubscriptionNotFound", f"The subscription '{found['id']}' is not there.")
    if not found["rest"]:
        return json_of(
            {
                "subscriptionId": found["id"],
                "displayName": "emulated",
                "state": asked.settings.get("state", "Enabled"),
            }
        )
    if found["rest"] == "/providers":
        return json_of({"value": [_provider(asked, each) for each in NAMESPACES]})
    scope, _, what = asked.request.path.partition("/providers/")
    if what == "Microsoft.Authorization/permissions":
        if "/resourceGroups/" in scope and asked.cloud.get(GROUP, scope) is None:
            return _not_found("ResourceGroupNotFound", f"'{scope}' could not be found.")
        return json_of({"value": asked.settings.get("permissions", OWNER)})
    return _usages(asked, what)


def _provider(asked: Asked, name: str) -> dict[str, str]:
    is_off = name in asked.settings.get("unregistered", [])
    state = "NotRegistered" if is_off else "Registered"
    return {"namespace": f"Microsoft.{name}", "registrationState": state}


def _usages(asked: Asked, what: str) -> Response | None:
    for path, counted in USAGES.items():
        if re.fullmatch(path.format(r"[a-z0-9]+"), what):
            limits = asked.settings.get("usages", {})
            items = [
                {
                    "name": {"value": name, "localizedValue": name},
                    "currentValue": len(asked.cloud.of(kind)),
                    "limit": limits.get(name, LIMIT),
                    "unit": "Count",
                }
                for name, kind in counted.items()
            ]
            return json_of({"value": items})
    return None


def _not_found(code: str, message: str) -> Response:
    refused = json_of({"error": {"code": code, "message": message}})
    refused.status_code = 404
    return refused
