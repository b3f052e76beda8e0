"""What the engine asks Google Cloud itself, with the login that Pulumi's provider uses."""

from __future__ import annotations

import base64
import json
import os
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import google.auth
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request

from mlops_infra.engines.pulumi.clouds import rest
from mlops_infra.engines.pulumi.clouds.rest import Entry
from mlops_infra.engines.pulumi.images import Login
from mlops_infra.errors import InfraError, PrerequisiteError
from mlops_infra.model import Component, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlops_infra.engines.pulumi.deployment import Deployment

RUN, SQL = "https://run.googleapis.com/v2", "https://sqladmin.googleapis.com/v1"
SECRETS = "https://secretmanager.googleapis.com/v1"
MONITORING = "https://monitoring.googleapis.com/v3"
LOGS = "https://logging.googleapis.com/v2/entries:list"
SERVICE = "gcp:cloudrunv2/service:Service"
INSTANCE = "gcp:sql/databaseInstance:DatabaseInstance"
BEGINNING = "1970-01-01T00:00:00Z"
"""Without a moment Google tells the last day only."""
LINES_PER_PAGE = 1000
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
OWN_TOKEN = "GOOGLE_OAUTH_ACCESS_TOKEN"  # noqa: S105 - a variable's name
"""Pulumi's provider takes a token from here, before any other login:
https://www.pulumi.com/registry/packages/gcp/installation-configuration/"""

ONE_AT_A_TIME = Lock()
"""Who waits for another's token has it; all at once would each ask for one of their own."""

EMULATOR = "STORAGE_EMULATOR_HOST"
"""Where a bucket is, for Google's own libraries and Pulumi's, if not in Google Cloud."""


def registry_login(host: str) -> Login:  # noqa: ARG001 - Azure's depends on it
    """Return a login to any registry of Google's, for an hour.

    https://cloud.google.com/artifact-registry/docs/docker/authentication#token
    """
    return Login(username="oauth2accesstoken", password=token())


def token() -> str:
    """Return what Google's APIs take from this login.

    Raises:
        PrerequisiteError: nobody is signed in, or the login is refused.
    """
    if os.environ.get(OWN_TOKEN):
        return os.environ[OWN_TOKEN]
    try:
        with ONE_AT_A_TIME:
            credentials = _credentials()
            if not credentials.valid:
                credentials.refresh(Request())
    except (GoogleAuthError, OSError) as error:  # OSError: of a file of credentials
        said = str(error).strip().splitlines()[0]
        hint = "gcloud auth application-default login"
        raise PrerequisiteError(f"no login to gcp: {said}", hint=hint) from error
    return credentials.token


@cache
def _credentials() -> Any:  # noqa: ANN401 - one of the library's many
    return google.auth.default(scopes=[SCOPE])[0]


def stored(bucket: str, key: str, options: Mapping[str, str]) -> bytes | None:  # noqa: ARG001 - Azure's depends on them
    """Return an object: https://cloud.google.com/storage/docs/json_api/v1/objects/get."""
    return rest.read(f"{_objects(bucket)}/{quote(key, safe='')}", token(), {"alt": "media"})


def keys(bucket: str, prefix: str, options: Mapping[str, str]) -> list[str]:  # noqa: ARG001 - Azure's depends on them
    """Return the names of the objects that begin so, up to a page of them.

    https://cloud.google.com/storage/docs/json_api/v1/objects/list
    """
    found = rest.get(_objects(bucket), token(), {"prefix": prefix}) or {}
    return [each["name"] for each in found.get("items", [])]


def _objects(bucket: str) -> str:
    base = "https://storage.googleapis.com"
    if os.environ.get(EMULATOR):
        base = f"http://{os.environ[EMULATOR].removeprefix('http://')}"
    return f"{base}/storage/v1/b/{bucket}/o"


def secret(reference: str) -> str:
    """Return the newest version of a secret of Secret Manager.

    https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access
    """
    found = rest.get(f"{SECRETS}/{reference}/versions/latest:access", token())
    if found is None:
        raise InfraError(f"not found: {reference}")
    return base64.b64decode(found["payload"]["data"]).decode()


def shown_as(display_name: str, collection: str) -> list[str]:
    """Return the ids of what one of Cloud Monitoring's lists has under a name, which may be many.

    https://cloud.google.com/monitoring/api/v3/sorting-and-filtering
    """
    query = {"filter": f"display_name={json.dumps(display_name, ensure_ascii=False)}"}
    found = rest.get(f"{MONITORING}/{collection}", token(), query) or {}
    return [each["name"] for each in found.get(collection.rpartition("/")[2], [])]


def components(deployment: Deployment) -> tuple[Component, ...]:
    """Ask Cloud Run and Cloud SQL. How many instances run, Cloud Run tells nobody.

    https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services and
    https://cloud.google.com/sql/docs/postgres/admin-api/rest/v1/instances
    """
    service, instance = deployment.id_of(SERVICE), deployment.id_of(INSTANCE)
    _, project, *_ = service.split("/")
    path = f"projects/{project}/instances/{instance.rpartition('/')[2]}"
    return (
        _server(rest.get(f"{RUN}/{service}", token())),
        _database(rest.get(f"{SQL}/{path}", token())),
    )


def _server(found: dict[str, Any] | None) -> Component:
    if found is None:  # deleted by hand
        return Component(name="server", state=State.ABSENT)
    is_ready = found.get("terminalCondition", {}).get("state") == "CONDITION_SUCCEEDED"
    state = State.RUNNING if is_ready else State.STOPPED
    if found.get("reconciling"):
        state = State.STARTING
    scaling = found.get("scaling", {})
    least, most = (scaling.get(f"{each}InstanceCount", 0) for each in ("min", "max"))
    return Component(name="server", state=state, detail=f"{least} to {most} instances")


def _database(found: dict[str, Any] | None) -> Component:
    if found is None:  # deleted by hand
        return Component(name="database", state=State.ABSENT)
    is_on = found["settings"].get("activationPolicy", "ALWAYS") != "NEVER"
    state = State.STARTING if is_on else State.STOPPED
    if is_on and found["state"] == "RUNNABLE":
        state = State.RUNNING
    version = found["databaseVersion"].removeprefix("POSTGRES_")
    detail = f"PostgreSQL {version}, {found['state'].lower()}"
    return Component(name="database", state=state, detail=detail)


def log_entries(deployment: Deployment, *, since: str) -> Iterator[Entry]:
    """Yield what the service has printed, oldest first.

    https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list
    """
    _, project, _, location, _, name = deployment.id_of(SERVICE).split("/")
    wanted = {
        "resourceNames": [f"projects/{project}"],
        "filter": f'resource.type="cloud_run_revision" AND resource.labels.location="{location}"'
        f' AND resource.labels.service_name="{name}" AND timestamp>="{since or BEGINNING}"',
        "orderBy": "timestamp asc",
        "pageSize": LINES_PER_PAGE,
    }
    more: str | None = ""
    while more is not None:
        answer = rest.post(LOGS, token(), {**wanted, "pageToken": more} if more else wanted)
        for each in answer.get("entries", []):
            yield Entry(id=each["insertId"], time=each["timestamp"], text=_text(each))
        more = answer.get("nextPageToken")


def _text(entry: dict[str, Any]) -> str:
    """Return a line: what is JSON is taken apart on its way, and a request has no text."""
    if "textPayload" in entry:
        return entry["textPayload"]
    payload = entry.get("jsonPayload") or entry.get("httpRequest") or {}
    return str(payload.get("message") or json.dumps(payload))
