"""What the engine asks Azure itself, with the login that Pulumi's provider uses."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

import httpx
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)
from azure.identity import (
    CredentialUnavailableError,
    DefaultAzureCredential,
    get_bearer_token_provider,
)

from mlops_infra.engines.pulumi.clouds import rest
from mlops_infra.engines.pulumi.clouds.rest import Entry
from mlops_infra.engines.pulumi.images import Login
from mlops_infra.errors import InfraError, PrerequisiteError
from mlops_infra.model import Component, State

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from mlops_infra.engines.pulumi.deployment import Deployment

MANAGEMENT = "https://management.azure.com"
VAULTS, VAULT_VERSION = "https://vault.azure.net", "2025-07-01"
BLOBS = "blob.core.windows.net"
LOGS = "https://api.loganalytics.azure.com"
LINES_PER_ANSWER = 10_000
"""Well below what Log Analytics cuts an answer off at: 500,000 lines or 100 MB.
https://learn.microsoft.com/azure/azure-monitor/service-limits#log-analytics-workspaces"""
APP, APP_VERSION = "azure-native:app:ContainerApp", "2024-03-01"
DATABASE, DATABASE_VERSION = "azure-native:dbforpostgresql:Server", "2024-08-01"
CHANGING = {"Starting", "Updating", "Restarting", "Provisioning"}
"""States of a database that is about to be there again."""
ONE_AT_A_TIME = Lock()
"""Who waits for another's token has it; all at once would each start `az` for one of their own."""
NOBODY = "00000000-0000-0000-0000-000000000000"
"""Whom a registry calls the bearer of a token:
https://learn.microsoft.com/azure/container-registry/container-registry-authentication"""


def registry_login(host: str) -> Login:
    """Return a login to the registry at `host`, for three hours.

    https://azure.github.io/acr/AAD-OAuth.html
    """
    form = {"grant_type": "access_token", "service": host, "access_token": token(MANAGEMENT)}
    answer = httpx.post(f"https://{host}/oauth2/exchange", data=form, timeout=rest.SECONDS)
    if not answer.is_success:
        raise InfraError(f"{host} does not let this login in: HTTP {answer.status_code}")
    return Login(username=NOBODY, password=answer.json()["refresh_token"])


def token(resource: str) -> str:
    """Return what one of Azure's APIs takes from this login.

    Raises:
        PrerequisiteError: nobody is signed in, or the login is refused.
    """
    try:
        with ONE_AT_A_TIME:
            return _tokens(resource)()
    except (ClientAuthenticationError, CredentialUnavailableError) as error:
        raise _no_login(error) from error


def _no_login(error: ClientAuthenticationError | CredentialUnavailableError) -> PrerequisiteError:
    lines = str(error.message).strip().splitlines()
    # Of all the ways that were tried, the one that there is a login for.
    said = next((line.strip() for line in lines if "Authentication failed" in line), lines[0])
    return PrerequisiteError(f"no login to azure: {said}", hint="az login")


@cache
def _tokens(resource: str) -> Callable[[], str]:
    """Return what gives out one token until it is about to expire."""
    return get_bearer_token_provider(_credential(), f"{resource}/.default")


@cache
def _credential() -> Any:  # noqa: ANN401 - one of the library's many
    logging.getLogger("azure.identity").addHandler(logging.NullHandler())  # we tell it ourselves
    return DefaultAzureCredential()


def stored(bucket: str, key: str, options: Mapping[str, str]) -> bytes | None:
    """Return a blob."""
    try:
        with _container(bucket, options) as client:
            return client.download_blob(key).readall()
    except ResourceNotFoundError:
        return None


def keys(bucket: str, prefix: str, options: Mapping[str, str]) -> list[str]:
    """Return the names of the blobs that begin so."""
    with _container(bucket, options) as client:
        return list(client.list_blob_names(name_starts_with=prefix))


@contextmanager
def _container(bucket: str, options: Mapping[str, str]) -> Generator[Any]:
    """Open a container, by the key of its account where there is one, else by this login.

    The variables and options are Pulumi's: https://gocloud.dev/howto/blob/#azure
    """
    from azure.storage.blob import ContainerClient  # 0.2 s, which a state elsewhere need not pay

    account = options.get("storage_account") or os.environ.get("AZURE_STORAGE_ACCOUNT", "")
    url = f"https://{account}.{options.get('domain', BLOBS)}"
    if options.get("localemu") == "true":
        url = f"{options['protocol']}://{options['domain']}/{account}"
    try:
        credential = os.environ.get("AZURE_STORAGE_KEY") or _credential()
        with ContainerClient(url, bucket, credential=credential) as client:
            yield client
    except ResourceNotFoundError:
        raise
    except (ClientAuthenticationError, CredentialUnavailableError) as error:
        raise _no_login(error) from error
    except HttpResponseError as error:
        raise PrerequisiteError(
            f"the state in {url}/{bucket} cannot be read: {error.reason}",
            hint="have the role 'Storage Blob Data Reader' on it granted",
        ) from error
    except AzureError as error:
        raise InfraError(f"the state in {url}/{bucket} cannot be reached: {error}") from error


def secret(reference: str) -> str:
    """Return the newest version of a vault's secret.

    https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret
    """
    found = rest.get(reference, token(VAULTS), {"api-version": VAULT_VERSION})
    if found is None:
        raise InfraError(f"not found: {reference}")
    return found["value"]


def components(deployment: Deployment) -> tuple[Component, ...]:
    """Ask for the app's newest revision and the database.

    https://learn.microsoft.com/rest/api/containerapps/container-apps-revisions/get-revision and
    https://learn.microsoft.com/rest/api/postgresql/servers/get
    """
    return (_server(deployment.id_of(APP)), _database(deployment.id_of(DATABASE)))


def _server(app: str) -> Component:
    found = _get(app, APP_VERSION)
    if found is None:  # deleted by hand
        return Component(name="server", state=State.ABSENT)
    newest = _get(f"{app}/revisions/{found['latestRevisionName']}", APP_VERSION) or {}
    running, least = newest.get("replicas", 0), found["template"]["scale"]["minReplicas"]
    state = State.RUNNING if running >= least else State.STARTING
    if found.get("runningStatus") == "Stopped" or (least and not running):
        state = State.STOPPED
    most = found["template"]["scale"]["maxReplicas"]
    detail = f"{running} replicas, of {least} to {most}"
    return Component(name="server", state=state, detail=detail)


def _database(server: str) -> Component:
    found = _get(server, DATABASE_VERSION)
    if found is None:  # deleted by hand
        return Component(name="database", state=State.ABSENT)
    state = State.STARTING if found["state"] in CHANGING else State.STOPPED
    if found["state"] == "Ready":
        state = State.RUNNING
    detail = f"PostgreSQL {found['version']}, {found['state'].lower()}"
    return Component(name="database", state=state, detail=detail)


def _get(resource_id: str, version: str) -> dict[str, Any] | None:
    query = {"api-version": version}
    found = rest.get(f"{MANAGEMENT}{resource_id}", token(MANAGEMENT), query)
    return found["properties"] if found else None


def log_entries(deployment: Deployment, *, since: str) -> Iterator[Entry]:
    """Yield what the server has printed, oldest first, as far as Log Analytics has it by now.

    It answers with so many lines at most, and has no pages: each question asks from the last line
    of the one before on, which comes twice.
    https://learn.microsoft.com/azure/azure-monitor/logs/api/request-format
    """
    found = deployment.outputs
    url = f"{LOGS}/v1/workspaces/{found['log_workspace']}/query"
    is_more = True
    while is_more:
        start = f" and TimeGenerated >= datetime({since})" if since else ""
        query = (
            f"ContainerAppConsoleLogs | where ContainerAppName == '{found['server_name']}'{start}"
            f" | order by TimeGenerated asc | take {LINES_PER_ANSWER}"
            " | project _ItemId, TimeGenerated, Log"
        )
        rows = rest.post(url, token(LOGS), {"query": query})["tables"][0]["rows"]
        for item_id, time, text in rows:
            yield Entry(id=item_id, time=time, text=text)
        is_more = len(rows) == LINES_PER_ANSWER and rows[-1][1] != since
        since = rows[-1][1] if rows else since
