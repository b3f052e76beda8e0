"""What a deploy needs of Azure: a login, the file's subscription, what is allowed in it, room."""

from __future__ import annotations

import base64
import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mlops_infra.engines.pulumi.clouds import rest
from mlops_infra.engines.pulumi.clouds.azure import MANAGEMENT, token
from mlops_infra.engines.pulumi.clouds.remedies import AZURE_QUOTAS
from mlops_infra.engines.questions import Question, unknown_if_denied
from mlops_infra.errors import InfraError, PrerequisiteError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlops_infra.config.models import Azure
    from mlops_infra.model import Target

PLACE = "subscription"

NAMESPACES = (
    "App",
    "ContainerRegistry",
    "DBforPostgreSQL",
    "Insights",
    "KeyVault",
    "ManagedIdentity",
    "Network",
    "OperationalInsights",
    "Storage",
)
"""Of Microsoft's resource providers those that the stack uses; all others are always there."""

MAKES = (
    "Microsoft.Resources/subscriptions/resourceGroups",
    "Microsoft.App/containerApps",
    "Microsoft.App/managedEnvironments",
    "Microsoft.ContainerRegistry/registries",
    "Microsoft.DBforPostgreSQL/flexibleServers",
    "Microsoft.Insights/metricAlerts",
    "Microsoft.KeyVault/vaults",
    "Microsoft.ManagedIdentity/userAssignedIdentities",
    "Microsoft.Network/virtualNetworks",
    "Microsoft.OperationalInsights/workspaces",
    "Microsoft.Storage/storageAccounts",
)
GRANTS = "Microsoft.Authorization/roleAssignments"
LOCKS = "Microsoft.Authorization/locks"

USAGES = (
    ("Microsoft.App/locations/{}/usages", "2024-03-01", {"ManagedEnvironmentCount": 1}),
    ("Microsoft.Storage/locations/{}/usages", "2023-05-01", {"StorageAccounts": 1}),
    ("Microsoft.Network/locations/{}/usages", "2024-05-01", {"VirtualNetworks": 1}),
    (
        "Microsoft.DBforPostgreSQL/locations/{}/resourceType/flexibleServers/usages",
        "2024-08-01",
        {"cores": 1},
    ),
)
"""Where limits are told, and how much of which is needed:
https://learn.microsoft.com/rest/api/containerapps/usages/list and
https://learn.microsoft.com/rest/api/storagerp/usages/list-by-location and
https://learn.microsoft.com/rest/api/virtualnetwork/usages/list and
https://learn.microsoft.com/rest/api/postgresql/quota-usages/list"""


def clock() -> str:
    """Return the address of one that tells its time."""
    return MANAGEMENT


def questions(target: Target) -> tuple[Question, ...]:
    """Return what there is to ask."""
    return (
        Question(name="login", ask=_login, is_for_plan=True),
        Question(name=PLACE, ask=lambda: _place(target), after=("login",), is_for_plan=True),
        Question(name="providers", ask=lambda: _providers(target), after=(PLACE,)),
        Question(name="permissions", ask=lambda: _permissions(target), after=(PLACE,)),
    )


def _login() -> str:
    claims = _claims()
    names = (claims.get(key) for key in ("upn", "unique_name", "app_displayname", "appid"))
    return next(filter(None, names), "somebody")


def _claims() -> dict[str, Any]:
    """Return what the login's token says of whose it is; it is for Azure to verify."""
    with suppress(ValueError, IndexError):
        payload = token(MANAGEMENT).split(".")[1]
        return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return {}


def _place(target: Target) -> str:
    """Ask for the subscription: https://learn.microsoft.com/rest/api/resources/subscriptions/get."""
    wanted = _azure(target).subscription_id
    sign_in = (
        f"az login, as somebody who may use subscription {wanted}; those of yours: "
        "az account list --output table"
    )
    try:
        found = _get(f"/subscriptions/{wanted}", "2022-12-01")
    except PrerequisiteError as error:
        raise PrerequisiteError(error.message, hint=sign_in) from error
    if found is None:
        raise PrerequisiteError(f"this login knows no subscription {wanted}", hint=sign_in)
    if found["state"] != "Enabled":
        raise PrerequisiteError(
            f"subscription {wanted} is {found['state'].lower()}",
            hint=f"have it enabled: az account show --subscription {wanted} --query state",
        )
    return f"{found['displayName']}, {wanted}"


def _providers(target: Target) -> str:
    """Ask what is registered: https://learn.microsoft.com/rest/api/resources/providers/list."""
    subscription = _azure(target).subscription_id
    with unknown_if_denied():
        found = _all(f"/subscriptions/{subscription}/providers", "2021-04-01")
    states = {each["namespace"].lower(): each["registrationState"] for each in found}
    missing = [
        each for each in NAMESPACES if states.get(f"microsoft.{each}".lower()) != "Registered"
    ]
    if missing:
        names = " ".join(missing)
        raise PrerequisiteError(
            f"the subscription is not registered for {', '.join(missing)}",
            hint=f"for each in {names}; do az provider register --wait "
            f"--namespace Microsoft.$each --subscription {subscription}; done",
        )
    return f"{len(NAMESPACES)} are registered"


def _permissions(target: Target) -> str:
    """Ask what this login may do, in the environment's groups or, before they are, around them.

    https://learn.microsoft.com/rest/api/authorization/permissions/list-for-resource-group
    """
    name, scope = target.environment.full_name, f"/subscriptions/{_azure(target).subscription_id}"
    path, version = "providers/Microsoft.Authorization/permissions", "2022-04-01"
    with unknown_if_denied():
        allowed = _all(f"{scope}/{path}", version)
        for group in (name, f"{name}-data"):
            found = _get(f"{scope}/resourceGroups/{group}/{path}", version) or {}
            allowed += found.get("value", [])
    guards = (GRANTS, LOCKS) if target.environment.protected else (GRANTS,)
    told, commands = [], []
    for role, kinds in (("Contributor", MAKES), ("User Access Administrator", guards)):
        lacking = [each for each in kinds if not _may(allowed, f"{each}/write")]
        if lacking:
            told += [f"{each}/write" for each in lacking]
            commands.append(
                f"az role assignment create --assignee-object-id {_claims().get('oid', 'WHO')} "
                f"--role '{role}' --scope {scope}"
            )
    if told:
        raise PrerequisiteError(
            f"this login may not do {', '.join(told)}",
            hint="have an owner grant it, then wait a few minutes:\n" + "\n".join(commands),
        )
    return "all that a deploy does"


def room(target: Target) -> str:
    """Compare what is taken of each limit with what a first deploy takes."""
    azure = _azure(target)
    told, full = [], []
    for path, version, needed in USAGES:
        where = f"/subscriptions/{azure.subscription_id}/providers/{path.format(azure.location)}"
        with unknown_if_denied():
            found = {each["name"]["value"]: each for each in _all(where, version)}
        for name, count in needed.items():
            if name in found:
                taken, limit = found[name]["currentValue"], found[name]["limit"]
                told.append(f"{taken} of {limit} {name}")
                full += [told[-1]] if taken + count > limit else []
    if full:
        raise PrerequisiteError(
            f"{', '.join(full)} are taken in {azure.location}",
            hint=f"raise the limit, or delete what is not used: {AZURE_QUOTAS}",
        )
    return ", ".join(told)


def _may(allowed: Iterable[dict[str, Any]], action: str) -> bool:
    """Return whether one of the roles has an action that it does not take away again."""

    def names(patterns: Iterable[str]) -> bool:
        found = (re.escape(each).replace(r"\*", ".*") for each in patterns)
        return any(re.fullmatch(each, action, re.IGNORECASE) for each in found)

    return any(names(each["actions"]) and not names(each["notActions"]) for each in allowed)


def _azure(target: Target) -> Azure:
    if target.environment.azure is None:
        raise UsageError(f"environment '{target.environment.name}' has no section 'azure'")
    return target.environment.azure


def _get(path: str, version: str) -> dict[str, Any] | None:
    return rest.get(f"{MANAGEMENT}{path}", token(MANAGEMENT), {"api-version": version})


def _all(path: str, version: str) -> list[dict[str, Any]]:
    """Return every item of a list, page by page."""
    found = _get(path, version)
    if found is None:
        raise InfraError(f"Azure does not tell: {path}")
    items = list(found["value"])
    while next_page := found.get("nextLink"):
        found = rest.get(next_page, token(MANAGEMENT)) or {"value": []}
        items += found["value"]
    return items
