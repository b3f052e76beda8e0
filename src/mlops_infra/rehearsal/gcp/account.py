"""What Google tells of a login and of a project: who pays, what is on, what is allowed, its limits.

The settings `state`, `projects`, `is_unpaid`, `apis_off`, `denied` and `quotas` change it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.exceptions import BadRequest, Forbidden

from mlops_infra.rehearsal.gcp.project import API, NUMBER
from mlops_infra.rehearsal.pulumi.names import GOOGLE_TOKEN
from mlops_infra.rehearsal.pulumi.web import Site, json_of

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from mlops_infra.rehearsal.pulumi.web import Asked

EMAIL = "deployer@emulated.iam.gserviceaccount.com"
FIRST = ("cloudresourcemanager.googleapis.com", "serviceusage.googleapis.com")
"""What is on in a project that Google's console has made."""

LIMIT = 1000
"""Of a project whose limits have been raised."""

METRICS = {
    "NETWORKS": "gcp:compute/network:Network",
    "SUBNETWORKS": "gcp:compute/subnetwork:Subnetwork",
}


def _token_info(asked: Asked) -> Response:
    if asked.request.headers.get("Authorization") != f"Bearer {GOOGLE_TOKEN}":
        raise BadRequest("Invalid Value")
    return json_of({"email": EMAIL, "expires_in": "3599"})


def _projects(asked: Asked) -> Response:
    """Answer for the project, or for what is allowed in it."""
    name, _, verb = asked.request.path.rpartition("/")[2].partition(":")
    require(asked, name, "cloudresourcemanager.googleapis.com")
    if verb == "testIamPermissions":
        denied = asked.settings.get("denied", [])
        wanted = asked.request.get_json()["permissions"]
        granted = [each for each in wanted if each not in denied]
        return json_of({"permissions": granted} if granted else {})
    state = asked.settings.get("state", "ACTIVE")
    found = {"name": f"projects/{NUMBER}", "projectId": name, "displayName": "emulated"}
    return json_of({**found, "state": state})


def _apis(asked: Asked) -> Response:
    """Answer whether each of some APIs is on."""
    project = asked.request.path.split("/")[3]
    require(asked, project, "serviceusage.googleapis.com")
    services = [
        {"name": each, "state": "ENABLED" if _is_on(asked, project, each) else "DISABLED"}
        for each in asked.request.args.getlist("names")
    ]
    return json_of({"services": services})


def _billing(asked: Asked) -> Response:
    project = asked.request.path.split("/")[3]
    require(asked, project)
    is_paid = not asked.settings.get("is_unpaid", default=False)
    account = {"billingAccountName": "billingAccounts/000000-000000-000000"} if is_paid else {}
    return json_of({"projectId": project, "billingEnabled": is_paid, **account})


def _compute(asked: Asked) -> Response:
    project = asked.request.path.rpartition("/")[2]
    require(asked, project)
    limits = asked.settings.get("quotas", {})
    quotas = [
        {"metric": metric, "limit": limits.get(metric, LIMIT), "usage": len(asked.cloud.of(kind))}
        for metric, kind in METRICS.items()
    ]
    return json_of({"name": project, "quotas": quotas})


def _is_on(asked: Asked, project: str, name: str) -> bool:
    api = name.rpartition("/")[2]
    if api in asked.settings.get("apis_off", []):
        return False
    return api in FIRST or asked.cloud.get(API, f"{project}/{api}") is not None


def require(asked: Asked, project: str, api: str = "") -> None:
    """Refuse another login, another project, and an API that is off, in Google's words."""
    if asked.request.headers.get("Authorization") != f"Bearer {GOOGLE_TOKEN}":
        raise Forbidden("Request had invalid authentication credentials.")
    if project not in asked.settings.get("projects", [project]):
        raise Forbidden("The caller does not have permission")
    if api in asked.settings.get("apis_off", []):
        raise Forbidden(
            f"{api} has not been used in project {NUMBER} before or it is disabled. Enable it by "
            f"visiting https://console.developers.google.com/apis/api/{api}/overview?project="
            f"{NUMBER} then retry."
        )


SITES = (
    Site(host=r"oauth2\.googleapis\.com", answer=_token_info),
    Site(host=r"cloudresourcemanager\.googleapis\.com", answer=_projects),
    Site(host=r"serviceusage\.googleapis\.com", answer=_apis),
    Site(host=r"cloudbilling\.googleapis\.com", answer=_billing),
    Site(host=r"compute\.googleapis\.com", answer=_compute),
)
