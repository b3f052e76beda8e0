"""What a deploy needs of Google Cloud: a login, the file's project, what is allowed in it, room."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpx

from mlops_infra.engines.pulumi.clouds import rest
from mlops_infra.engines.pulumi.clouds.gcp import token
from mlops_infra.engines.pulumi.clouds.remedies import GCP_QUOTAS
from mlops_infra.engines.questions import Question, unknown_if_denied
from mlops_infra.errors import PrerequisiteError, UsageError

if TYPE_CHECKING:
    from mlops_infra.model import Target

PLACE = "project"

PROJECTS = "https://cloudresourcemanager.googleapis.com/v3/projects"
APIS = "https://serviceusage.googleapis.com/v1/projects"
BILLING = "https://cloudbilling.googleapis.com/v1/projects"
COMPUTE = "https://compute.googleapis.com/compute/v1/projects"
TOKEN_INFO = "https://oauth2.googleapis.com/tokeninfo"  # noqa: S105 - an address
FIRST_APIS = ("cloudresourcemanager.googleapis.com", "serviceusage.googleapis.com")
"""What every request of a deploy needs; it switches on the others by itself."""

ROLES = {
    "artifactregistry.admin": ("artifactregistry.repositories.create",),
    "cloudsql.admin": ("cloudsql.instances.create",),
    "compute.networkAdmin": ("compute.networks.create", "compute.subnetworks.create"),
    "iam.serviceAccountAdmin": ("iam.serviceAccounts.create",),
    "iam.serviceAccountUser": ("iam.serviceAccounts.actAs",),
    "logging.configWriter": ("logging.buckets.create", "logging.sinks.create"),
    "monitoring.alertPolicyEditor": ("monitoring.alertPolicies.create",),
    "monitoring.notificationChannelEditor": ("monitoring.notificationChannels.create",),
    "run.admin": ("run.services.create", "run.services.setIamPolicy"),
    "secretmanager.admin": ("secretmanager.secrets.create", "secretmanager.secrets.setIamPolicy"),
    "servicenetworking.networksAdmin": ("servicenetworking.services.addPeering",),
    "serviceusage.serviceUsageAdmin": ("serviceusage.services.enable",),
    "storage.admin": ("storage.buckets.create", "storage.buckets.setIamPolicy"),
}
"""What the stack does, by the role that is made for it:
https://cloud.google.com/iam/docs/roles-permissions"""

ROLES_OF_DOMAIN = {"compute.securityAdmin": ("compute.securityPolicies.create",)}
"""What a load balancer needs besides."""

NEEDED = {"NETWORKS": 1, "SUBNETWORKS": 1}
"""Of the project's limits: https://cloud.google.com/compute/docs/reference/rest/v1/projects/get"""


def clock() -> str:
    """Return the address of one that tells its time."""
    return "https://cloudresourcemanager.googleapis.com"


def questions(target: Target) -> tuple[Question, ...]:
    """Return what there is to ask."""
    return (
        Question(name="login", ask=_login, is_for_plan=True),
        Question(name=PLACE, ask=lambda: _place(target), after=("login",), is_for_plan=True),
        Question(name="billing", ask=lambda: _billing(target), after=(PLACE,)),
        Question(name="apis", ask=lambda: _apis(target), after=("login",)),
        Question(name="permissions", ask=lambda: _permissions(target), after=(PLACE,)),
    )


def _login() -> str:
    """Ask whose the token is, as Google's own libraries do; an expired one is nobody's.

    https://cloud.google.com/docs/authentication/token-types#access-contents
    """
    return _who() or "somebody"


def _who() -> str:
    headers = {"Authorization": f"Bearer {token()}"}
    try:
        answer = httpx.post(TOKEN_INFO, headers=headers, timeout=rest.SECONDS)
    except httpx.HTTPError:
        return ""  # it tells a name and no more
    if answer.status_code in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}:
        raise PrerequisiteError(
            "the login to gcp is refused, or it has expired",
            hint="gcloud auth application-default login",
        )
    return answer.json().get("email", "") if answer.is_success else ""


def _place(target: Target) -> str:
    """Ask for the project: https://cloud.google.com/resource-manager/reference/rest/v3/projects/get."""
    wanted = _project(target)
    hint = (
        "change gcp.project in the file to one of: gcloud projects list; or sign in as somebody "
        "who may use it: gcloud auth application-default login"
    )
    try:
        found = rest.get(f"{PROJECTS}/{wanted}", token())
    except PrerequisiteError as error:
        if _is_off(error):
            hint = _enable(wanted, *FIRST_APIS)
        raise PrerequisiteError(error.message, hint=hint) from error
    if found is None:
        raise PrerequisiteError(f"this login knows no project {wanted}", hint=hint)
    if found["state"] != "ACTIVE":
        raise PrerequisiteError(
            f"project {wanted} is {found['state'].lower().replace('_', ' ')}",
            hint=f"gcloud projects undelete {wanted}",
        )
    return f"{found.get('displayName', wanted)}, {wanted}"


def _billing(target: Target) -> str:
    """Ask who pays: https://cloud.google.com/billing/docs/reference/rest/v1/projects/getBillingInfo."""
    wanted = _project(target)
    with unknown_if_denied():
        found = rest.get(f"{BILLING}/{wanted}/billingInfo", token()) or {}
    if not found.get("billingEnabled"):
        raise PrerequisiteError(
            f"nobody pays for project {wanted}",
            hint=f"gcloud billing projects link {wanted} --billing-account ACCOUNT, one of: "
            "gcloud billing accounts list",
        )
    return found.get("billingAccountName", "")


def _apis(target: Target) -> str:
    """Ask what is on: https://cloud.google.com/service-usage/docs/reference/rest/v1/services/batchGet."""
    wanted = _project(target)
    names = "&".join(f"names=projects/{wanted}/services/{each}" for each in FIRST_APIS)
    try:
        found = rest.get(f"{APIS}/{wanted}/services:batchGet?{names}", token()) or {}
    except PrerequisiteError as error:
        if _is_off(error):
            hint = _enable(wanted, *FIRST_APIS)
            raise PrerequisiteError(error.message, hint=hint) from error
        with unknown_if_denied():
            raise
    on = {
        each["name"].rpartition("/")[2]
        for each in found.get("services", [])
        if each["state"] == "ENABLED"
    }
    if off := [each for each in FIRST_APIS if each not in on]:
        raise PrerequisiteError(
            f"not enabled in project {wanted}: {', '.join(off)}", hint=_enable(wanted, *off)
        )
    return f"{' and '.join(FIRST_APIS)}; a deploy enables the rest"


def _permissions(target: Target) -> str:
    """Ask what this login may do.

    https://cloud.google.com/resource-manager/reference/rest/v3/projects/testIamPermissions
    """
    wanted = _project(target)
    roles = ROLES | (ROLES_OF_DOMAIN if target.environment.access.domain else {})
    asked = {"permissions": [each for permissions in roles.values() for each in permissions]}
    with unknown_if_denied():
        answer = rest.post(f"{PROJECTS}/{wanted}:testIamPermissions", token(), asked)
    lacking = set(asked["permissions"]) - set(answer.get("permissions", []))
    if lacking:
        who = _who() or "WHO"
        kind = "serviceAccount" if who.endswith("gserviceaccount.com") else "user"
        commands = [
            f"gcloud projects add-iam-policy-binding {wanted} --member {kind}:{who} "
            f"--role roles/{role}"
            for role, permissions in roles.items()
            if lacking & set(permissions)
        ]
        raise PrerequisiteError(
            f"this login may not do {', '.join(sorted(lacking))}", hint="\n".join(commands)
        )
    return "all that a deploy does"


def room(target: Target) -> str:
    """Compare what is taken of each limit with what a first deploy takes."""
    wanted = _project(target)
    with unknown_if_denied():
        answer = rest.get(f"{COMPUTE}/{wanted}", token()) or {}
    found: dict[str, dict[str, Any]] = {each["metric"]: each for each in answer.get("quotas", [])}
    told, full = [], []
    for metric, needed in NEEDED.items():
        if metric in found:
            taken, limit = (int(found[metric][key]) for key in ("usage", "limit"))
            told.append(f"{taken} of {limit} {metric}")
            full += [told[-1]] if taken + needed > limit else []
    if full:
        raise PrerequisiteError(
            f"{', '.join(full)} are taken in project {wanted}",
            hint="raise the limit, or delete what is not used: "
            f"{GCP_QUOTAS.format(project=wanted)}&service=compute.googleapis.com",
        )
    return ", ".join(told)


def _is_off(error: PrerequisiteError) -> bool:
    """Return whether an API refuses because it is not enabled, in Google's words."""
    return "has not been used in project" in error.message or "is disabled" in error.message


def _enable(project: str, *apis: str) -> str:
    return (
        f"gcloud services enable {' '.join(apis)} --project {project}; "
        "it takes minutes until all know"
    )


def _project(target: Target) -> str:
    if target.environment.gcp is None:
        raise UsageError(f"environment '{target.environment.name}' has no section 'gcp'")
    return target.environment.gcp.project
