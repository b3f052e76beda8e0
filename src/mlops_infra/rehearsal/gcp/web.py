"""Google's APIs over HTTPS, as far as a deploy or a person asks them."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING

from werkzeug.exceptions import BadRequest, NotFound, Unauthorized

from mlops_infra.rehearsal.gcp import account
from mlops_infra.rehearsal.gcp.data import INSTANCE
from mlops_infra.rehearsal.gcp.identity import VERSION
from mlops_infra.rehearsal.gcp.watch import ALARM, CHANNEL
from mlops_infra.rehearsal.pulumi.names import GOOGLE_TOKEN
from mlops_infra.rehearsal.pulumi.registry import Registry
from mlops_infra.rehearsal.pulumi.web import Site, json_of, lines

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from mlops_infra.rehearsal.pulumi.cloud import Resource
    from mlops_infra.rehearsal.pulumi.web import Asked

SERVICE = "gcp:cloudrunv2/service:Service"
TERM = re.compile(r'([\w.]+)>?="([^"]*)"')
"""One of a filter's: https://cloud.google.com/logging/docs/view/logging-query-language"""
SHOWN_AS = re.compile(r'display_name="([^"\\]*)"')
"""The one filter that is known here: https://cloud.google.com/monitoring/api/v3/sorting-and-filtering"""
LISTS = {"alertPolicies": ALARM, "notificationChannels": CHANNEL}
REPOSITORY = "gcp:artifactregistry/repository:Repository"


def _repository(asked: Asked, name: str) -> Resource | None:
    """Return the repository that `PROJECT/REPOSITORY/IMAGE` is in."""
    project, repository, *_ = name.split("/")
    location = asked.host.removesuffix("-docker.pkg.dev")
    wanted = f"projects/{project}/locations/{location}/repositories/{repository}"
    return asked.cloud.get(REPOSITORY, wanted)


def _keeps_tags(asked: Asked, name: str) -> bool:
    found = _repository(asked, name)
    return bool(found and found.inputs.get("dockerConfig", {}).get("immutableTags"))


def _run(asked: Asked) -> Response:
    """Answer for a service: https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services"""
    found = _found(asked, SERVICE, asked.request.path.removeprefix("/v2/"))
    state = (
        "CONDITION_PENDING" if found.outputs.get("reconciling", False) else "CONDITION_SUCCEEDED"
    )
    return json_of(
        {
            "name": asked.request.path.removeprefix("/v2/"),
            "scaling": found.inputs.get("scaling", {}),
            "reconciling": found.outputs.get("reconciling", False),
            "terminalCondition": {"type": "Ready", "state": state},
        }
    )


def _sql(asked: Asked) -> Response:
    """Answer for an instance: https://cloud.google.com/sql/docs/postgres/admin-api/rest/v1/instances"""
    name = asked.request.path.rpartition("/")[2]
    found = _found(asked, INSTANCE, name)
    return json_of(
        {
            "name": name,
            "state": found.outputs.get("state", "RUNNABLE"),
            "databaseVersion": found.inputs["databaseVersion"],
            "settings": {"activationPolicy": "ALWAYS", **found.inputs["settings"]},
        }
    )


def _secret(asked: Asked) -> Response:
    """Answer with a secret's newest version.

    https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access
    """
    _require_login(asked)
    name, _, what = asked.request.path.removeprefix("/v1/").partition("/versions/")
    versions = asked.cloud.of(VERSION)
    found = [each for each in versions.values() if each.inputs["secret"] == name]
    if what != "latest:access" or not found:
        raise NotFound
    newest = max(found, key=lambda each: int(each.outputs["version"]))
    data = b64encode(newest.inputs["secretData"].encode()).decode()
    return json_of({"payload": {"data": data}})


def _entries(asked: Asked) -> Response:
    """Answer with a page of lines: https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list"""
    _require_login(asked)
    wanted = asked.request.get_json()
    terms = dict(TERM.findall(wanted["filter"]))
    found = [
        {"insertId": each.id, "timestamp": each.time, "textPayload": each.text}
        for each in lines(asked.folder, terms["resource.labels.service_name"])
        if each.time >= terms["timestamp"]
    ]
    start, size = int(wanted.get("pageToken", 0)), wanted["pageSize"]
    page: dict[str, object] = {"entries": found[start : start + size]}
    if start + size < len(found):
        page["nextPageToken"] = str(start + size)
    return json_of(page)


def _monitored(asked: Asked) -> Response:
    """Answer with the alarms, or with whom they tell, that show themselves by a name.

    https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies/list
    """
    _, _, _, project, collection = asked.request.path.split("/")
    account.require(asked, project, "monitoring.googleapis.com")
    wanted = SHOWN_AS.fullmatch(asked.request.args.get("filter", ""))
    if collection not in LISTS or not wanted:
        raise BadRequest("Request contains an invalid argument.")
    found = asked.cloud.of(LISTS[collection], like=f"projects/{project}/%")
    shown = [
        {"name": each_id, "displayName": each.inputs["displayName"]}
        for each_id, each in found.items()
        if each.inputs["displayName"] == wanted.group(1)
    ]
    return json_of({collection: shown} if shown else {})


def _found(asked: Asked, kind: str, resource_id: str) -> Resource:
    _require_login(asked)
    found = asked.cloud.get(kind, resource_id)
    if found is None:
        raise NotFound
    return found


def _require_login(asked: Asked) -> None:
    if asked.request.headers.get("Authorization") != f"Bearer {GOOGLE_TOKEN}":
        raise Unauthorized


SITES = (
    *account.SITES,
    Site(host=r"run\.googleapis\.com", answer=_run),
    Site(host=r"sqladmin\.googleapis\.com", answer=_sql),
    Site(host=r"secretmanager\.googleapis\.com", answer=_secret),
    Site(host=r"monitoring\.googleapis\.com", answer=_monitored),
    Site(host=r"logging\.googleapis\.com", answer=_entries),
    Site(
        host=r"[a-z0-9-]+-docker\.pkg\.dev",
        answer=Registry(
            lets_in=lambda _, *login: login == ("oauth2accesstoken", GOOGLE_TOKEN),
            has=lambda asked, name: _repository(asked, name) is not None,
            keeps_tags=_keeps_tags,
        ).answer,
    ),
)
