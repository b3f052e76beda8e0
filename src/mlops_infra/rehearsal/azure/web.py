"""Azure's APIs over HTTPS, as far as a deploy or a person asks them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import jwt
from werkzeug.exceptions import Forbidden, NotFound, Unauthorized

from mlops_infra.rehearsal.azure import subscription
from mlops_infra.rehearsal.azure.server import (
    ASSIGNMENT,
    DEPLOYER,
    REGISTRY,
    SECRETS_USER,
    VAULT,
)
from mlops_infra.rehearsal.pulumi.registry import Registry
from mlops_infra.rehearsal.pulumi.web import Site, json_of, lines

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from mlops_infra.rehearsal.pulumi.cloud import Cloud, Resource
    from mlops_infra.rehearsal.pulumi.web import Asked

APP = "azure-native:app:ContainerApp"
SERVER = "azure-native:dbforpostgresql:Server"
ROLES = "/providers/Microsoft.Authorization/roleAssignments/"
SECRET_OF_VAULT = "azure-native:keyvault:Secret"  # noqa: S105 - a type
QUERY = re.compile(
    r"ContainerAppConsoleLogs \| where ContainerAppName == '(?P<app>[^']+)'"
    r"(?: and TimeGenerated >= datetime\((?P<since>[^)]+)\))?"
    r" \| order by TimeGenerated asc \| take (?P<most>\d+)"
    r" \| project _ItemId, TimeGenerated, Log"
)
AUTHORITY = "login.microsoftonline.com"
SECRET = "emulated"  # noqa: S105 - opens nothing
SIGNED_BY = "a key that nobody looks at, and long enough"
NOBODY = "00000000-0000-0000-0000-000000000000"


def token_for(scope: str) -> str:
    """Return the token that opens one API and no other, and says whose it is."""
    claims = {"aud": scope.removesuffix("/.default"), "appid": DEPLOYER, "oid": DEPLOYER}
    return jwt.encode(claims, SIGNED_BY, algorithm="HS256")


def _sign_in(asked: Asked) -> Response:
    """Answer the requests of a service principal's login; the third only comes after a refusal.

    https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
    """
    tenant, _, path = asked.request.path.lstrip("/").partition("/")
    base = f"https://{AUTHORITY}/{tenant}"
    if path == "discovery/instance":
        names = {"preferred_network": AUTHORITY, "preferred_cache": AUTHORITY}
        known = [{**names, "aliases": [AUTHORITY]}]
        discovery = f"{base}/v2.0/.well-known/openid-configuration"
        return json_of({"tenant_discovery_endpoint": discovery, "metadata": known})
    if path == "v2.0/.well-known/openid-configuration":
        return json_of(
            {
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "issuer": f"{base}/v2.0",
            }
        )
    form = asked.request.form
    if path != "oauth2/v2.0/token" or form.get("grant_type") != "client_credentials":
        raise NotFound
    why = "AADSTS7000215: Invalid client secret provided."
    if asked.settings.get("is_expired", default=False):
        why = "AADSTS7000222: The provided client secret keys for app are expired."
    elif form.get("client_secret") == SECRET:
        why = ""
    if why:
        refused = json_of({"error": "invalid_client", "error_description": why})
        refused.status_code = 401
        return refused
    token = token_for(form["scope"])
    return json_of({"token_type": "Bearer", "expires_in": 3600, "access_token": token})


def _registry(asked: Asked) -> Response:
    if asked.request.path == "/oauth2/exchange":
        if asked.request.form.get("access_token") != token_for("https://management.azure.com"):
            raise Unauthorized
        return json_of({"refresh_token": _login_of(asked)})
    return REGISTRIES.answer(asked)


def _login_of(asked: Asked) -> str:
    return f"emulated login to {asked.host}"


def _is_made(cloud: Cloud, host: str) -> bool:
    return any(each.outputs["loginServer"] == host for each in cloud.of(REGISTRY).values())


def _management(asked: Asked) -> Response:
    """Answer for the subscription, an app, a revision of it, or a database server."""
    _require_login(asked, "https://management.azure.com")
    path = asked.request.path
    if told_of := subscription.answer(asked):
        return told_of
    if "/revisions/" in path:
        app = _found(asked, APP, path.rpartition("/revisions/")[0])
        least = app.inputs["template"]["scale"]["minReplicas"]
        return json_of({"properties": {"replicas": app.outputs.get("replicas", least)}})
    if "/containerApps/" in path:
        app = _found(asked, APP, path)
        told = {
            "runningStatus": app.outputs.get("runningStatus", "Running"),
            "latestRevisionName": app.outputs["latestRevisionName"],
            "template": app.inputs["template"],
        }
        return json_of({"properties": told})
    server = _found(asked, SERVER, path)
    told = {"state": server.outputs["state"], "version": server.inputs["version"]}
    return json_of({"properties": told})


def _vault(asked: Asked) -> Response:
    """Answer with the newest version of a secret, to whom a role on the vault allows it."""
    _require_login(asked, "https://vault.azure.net")
    vault = _vault_of(asked.cloud, asked.host)
    if not any(
        each.inputs["principalId"] == DEPLOYER
        and each.inputs["roleDefinitionId"].endswith(f"/{SECRETS_USER}")
        for scope in (
            vault,
            vault.partition("/providers/")[0],
            vault.partition("/resourceGroups/")[0],
        )
        for each in asked.cloud.of(ASSIGNMENT, like=f"{scope}{ROLES}%").values()
    ):
        raise Forbidden
    found = _found(asked, SECRET_OF_VAULT, f"{vault}{asked.request.path}")
    return json_of({"value": found.inputs["properties"]["value"]})


def _vault_of(cloud: Cloud, host: str) -> str:
    """Return the id of the vault of a name, or nothing."""
    name = host.removesuffix(".vault.azure.net")
    return next(iter(cloud.of(VAULT, like=f"%/vaults/{name}")), "")


def _query(asked: Asked) -> Response:
    """Answer the one query that is asked, with the columns of its `project`."""
    _require_login(asked, "https://api.loganalytics.azure.com")
    found = QUERY.fullmatch(asked.request.get_json()["query"])
    workspaces = asked.cloud.of("azure-native:operationalinsights:Workspace").values()
    workspace = asked.request.path.split("/")[3]
    if found is None or workspace not in {each.outputs["customerId"] for each in workspaces}:
        raise NotFound
    rows = [
        [each.id, each.time, each.text]
        for each in lines(asked.folder, found["app"])
        if each.time >= (found["since"] or "")
    ]
    answer: dict[str, Any] = {
        "tables": [{"name": "PrimaryResult", "rows": rows[: int(found["most"])]}]
    }
    if message := asked.settings.get("partial_logs", ""):
        answer["error"] = {"code": "PartialError", "message": message}
    return json_of(answer)


def _found(asked: Asked, kind: str, resource_id: str) -> Resource:
    found = asked.cloud.get(kind, resource_id)
    if found is None:
        raise NotFound
    return found


def _require_login(asked: Asked, resource: str) -> None:
    if asked.request.headers.get("Authorization") != f"Bearer {token_for(resource)}":
        raise Unauthorized


REGISTRIES = Registry(
    lets_in=lambda asked, *login: login == (NOBODY, _login_of(asked)),
    has=lambda *_: True,  # a repository is made by a push
    keeps_tags=lambda *_: False,
)
SITES = (
    Site(host=r"management\.azure\.com", answer=_management),
    Site(host=r"api\.loganalytics\.azure\.com", answer=_query),
    Site(
        host=r"[a-z0-9-]+\.vault\.azure\.net",
        answer=_vault,
        is_there=lambda cloud, host: bool(_vault_of(cloud, host)),
    ),
    Site(host=AUTHORITY.replace(".", r"\."), answer=_sign_in),
    Site(host=r"[a-z0-9]+\.azurecr\.io", answer=_registry, is_there=_is_made),
)
