"""What mends a failure that Azure or Google Cloud tells of, by the cloud's own wording.

A remedy's braces are filled from what its wording has found, and from the environment's file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlops_infra.config.models import Cloud

if TYPE_CHECKING:
    from mlops_infra.model import Target


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """What a cloud says, and what to do about it."""

    says: str
    """A regular expression; its named groups are for `do`."""
    do: str
    is_prerequisite: bool = False
    """Whether a login, a permission or a switch of the account is missing: exit code 4."""


RENAME = "change 'project' or the environment's name in the file"
ORPHAN = f"it is there and in no state of ours: delete it, or {RENAME}"
HOLDS_DATA = (
    "it holds data and is in no state of ours: do not delete it. Point 'state.url' in the file at "
    f"the state that knows it, or pulumi import it; or {RENAME}"
)
AZURE_QUOTAS = "https://portal.azure.com/#view/Microsoft_Azure_Capacity/QuotaMenuBlade/~/myQuotas"
GCP_QUOTAS = "https://console.cloud.google.com/iam-admin/quotas?project={project}"

AZURE = (
    Remedy(
        says=r"MissingSubscriptionRegistration.*?namespace '(?P<namespace>[\w.]+)'",
        do="az provider register --namespace {namespace} --subscription {subscription} --wait",
        is_prerequisite=True,
    ),
    Remedy(
        says=r"SubscriptionNotFound|InvalidAuthenticationTokenTenant",
        do="az login, as somebody who may use subscription {subscription}; those of yours: "
        "az account list --output table",
        is_prerequisite=True,
    ),
    Remedy(
        says=r"ReadOnlyDisabledSubscription|SubscriptionNotRegistered",
        do="have subscription {subscription} enabled: az account show --subscription "
        "{subscription} --query state",
        is_prerequisite=True,
    ),
    Remedy(
        says=r"AuthorizationFailed.*?object id '(?P<who>[^']+)'.*?action "
        r"'Microsoft\.Authorization/(?P<action>(?:roleAssignments|locks)/\w+)'",
        do="have an owner grant it, then wait a few minutes: az role assignment create "
        "--assignee-object-id {who} --role 'User Access Administrator' "
        "--scope /subscriptions/{subscription}",
        is_prerequisite=True,
    ),
    Remedy(
        says=r"AuthorizationFailed.*?object id '(?P<who>[^']+)'",
        do="have an owner grant it, then wait a few minutes: az role assignment create "
        "--assignee-object-id {who} --role Contributor --scope /subscriptions/{subscription}",
        is_prerequisite=True,
    ),
    Remedy(
        says=r"PrincipalNotFound|ForbiddenByRbac|Unable to get value using Managed identity"
        r"|unable to pull image using Managed identity",
        do="deploy again in a few minutes: a new identity or role takes that long to be known",
    ),
    Remedy(
        says=r"RoleAssignmentExists",
        do="that role was granted by hand: take it away, then deploy again: az role assignment "
        "list --all --output table --subscription {subscription}",
    ),
    Remedy(
        says=r"RequestDisallowedByPolicy",
        do="have whoever runs the subscription exempt it from that policy: az policy assignment "
        "list --disable-scope-strict-match --subscription {subscription}",
    ),
    Remedy(
        says=r"ScopeLocked.*?scope\(s\) are locked: '(?P<scope>[^']+)'",
        do="deploy with 'protected: false' first, which takes our own locks away; another's: "
        "az lock list --resource {scope}",
    ),
    Remedy(
        says=r"already exists in deleted state|exists? in (?:a )?(?:soft-)?deleted state",
        do="deploy again, which takes an environment's vault back with its secrets; or the one of "
        "the state's key by hand: az keyvault recover --name NAME, one of: "
        "az keyvault list-deleted --subscription {subscription}",
    ),
    Remedy(
        says=r"StorageAccountAlreadyTaken|VaultAlreadyExists|ServerNameAlreadyExists"
        r"|server name is already (?:used|in use)|registry DNS name .* is already in use"
        r"|the name '[^']*' is already taken",
        do=f"{RENAME}: that name is taken, for all of Azure",
    ),
    Remedy(
        says=r"cannot create already existing resource '[^']*(?:/resourceGroups/[^/']+-data['/]"
        r"|/storageAccounts/|/flexibleServers/|/vaults/)",
        do=HOLDS_DATA,
    ),
    Remedy(
        says=r"cannot create already existing resource '(?P<id>[^']+)'",
        do=f"{ORPHAN}: az resource delete --ids {{id}}",
    ),
    Remedy(
        says=r"MaxNumberOf\w*EnvironmentsInSubExceeded",
        do="delete an environment of Container Apps that is not used, or ask for more of them: "
        "az containerapp env list --subscription {subscription}, "
        "https://learn.microsoft.com/azure/container-apps/quotas",
    ),
    Remedy(
        says=r"MaxStorageAccountsCountPerSubscriptionExceeded",
        do="delete a storage account that is not used, or ask for more of them: "
        f"az storage account list --subscription {{subscription}}, {AZURE_QUOTAS}",
    ),
    Remedy(
        says=r"(?i)QuotaExceeded|exceeding (?:the )?approved|quota (?:has been |was )?exceeded"
        r"|exceeds? (?:the )?(?:\w+ )?quota",
        do=f"raise the limit, or delete what is not used: {AZURE_QUOTAS}",
    ),
    Remedy(
        says=r"LocationNotAvailableForResourceType.*?resource type '(?P<kind>[^']+)'",
        do="change azure.location in the file: {kind} cannot be had in {location}",
    ),
    Remedy(
        says=r"LocationIsOfferRestricted|value of the '?[Vv]ersion'? should be in:? \[\]"
        r"|restricted from provisioning",
        do="change azure.location in the file, or ask for it: the subscription gets no PostgreSQL "
        "in {location}, https://aka.ms/postgres-request-quota-increase",
    ),
    Remedy(
        says=r"SkuNotAvailable|AllocationFailed|ZonalAllocationFailed|OverconstrainedAllocation",
        do="wait an hour, or change sizes or azure.location in the file: {location} has none left",
    ),
)

GCP = (
    Remedy(
        says=r"(?:apis/api/|Error 403: )(?P<api>[a-z]+\.googleapis\.com).*"
        r"(?:SERVICE_DISABLED|accessNotConfigured|retry|is disabled)",
        do="gcloud services enable {api} --project {project}; it takes minutes until all know",
        is_prerequisite=True,
    ),
    Remedy(
        says=r"BILLING_DISABLED|requires billing to be enabled|billing account for the owning "
        r"project is disabled|UREQ_PROJECT_BILLING_NOT_FOUND",
        do="gcloud billing projects link {project} --billing-account ACCOUNT, one of: "
        "gcloud billing accounts list",
        is_prerequisite=True,
    ),
    Remedy(
        says=r"USER_PROJECT_DENIED|(?i:Project '?[\w-]+'? (?:not found|does not exist))"
        r"|notFound.*projects/[\w-]+$|Unknown project id",
        do="change gcp.project in the file to one of: gcloud projects list; or sign in as "
        "somebody who may use it: gcloud auth application-default login",
        is_prerequisite=True,
    ),
    Remedy(
        says=r"constraints/(?P<constraint>[\w.]+)",
        do="have whoever runs the organization allow it: gcloud org-policies describe "
        "{constraint} --effective --project {project}",
    ),
    Remedy(
        says=r"is already being used by '\S*serverless-ipv4",
        do="wait two hours, then run the teardown again: Cloud Run holds on to its addresses in "
        "the subnet for up to that long, https://cloud.google.com/run/docs/configuring/vpc-direct-vpc",
    ),
    Remedy(
        says=r"max instance per project|instanceLimitExceeded",
        do="delete a database instance that is not used (gcloud sql instances list --project "
        f"{{project}}), or ask for more of them: {GCP_QUOTAS}&service=sqladmin.googleapis.com",
    ),
    Remedy(
        says=r"Quota exceeded for quota.*?service '(?P<service>[\w.]+)'"
        r"|Quota '\w+' exceeded.*?metric name = (?P<metric>[\w.]+)",
        do=f"raise the limit, or delete what is not used: {GCP_QUOTAS}&service={{service}}",
    ),
    Remedy(
        says=r"Quota '\w+' exceeded|[Qq]uota exceeded|quotaExceeded|RESOURCE_EXHAUSTED",
        do=f"raise the limit, or delete what is not used: {GCP_QUOTAS}",
    ),
    Remedy(
        says=r"requested bucket name is not available",
        do=f"{RENAME}: that bucket's name is taken, for all of Google Cloud",
    ),
    Remedy(
        says=r"Cloud SQL instance already exists|instanceAlreadyExists",
        do=f"if it is there (gcloud sql instances list --project {{project}}): {HOLDS_DATA}; if it "
        "was deleted, its name can be reserved for a week",
    ),
    Remedy(
        says=r"not in an appropriate state to handle the request|operationInProgress",
        do="wait until the database has finished what it is doing, then deploy again: "
        "gcloud sql operations list --project {project} --instance NAME",
    ),
    Remedy(
        says=r"(?:[Pp]ermission )?'?(?P<permission>[a-z]+\.[a-zA-Z]+\.[a-zA-Z]+)'? "
        r"(?:permission )?(?:denied|access|for)",
        do="have a role with {permission} granted: gcloud projects add-iam-policy-binding "
        "{project} --member WHO --role ROLE, https://cloud.google.com/iam/docs/permissions-reference",
        is_prerequisite=True,
    ),
    Remedy(
        says=r"Error 403: The caller does not have permission|IAM_PERMISSION_DENIED",
        do="have a role in project {project} granted, or sign in as somebody who has one: "
        "gcloud auth application-default login",
        is_prerequisite=True,
    ),
    Remedy(
        says=r"ZONE_RESOURCE_POOL_EXHAUSTED|does not have enough resources available",
        do="wait an hour, or change gcp.region or the sizes in the file",
    ),
    Remedy(
        says=r"[Yy]ou already own (?:it|this bucket)|Error 409: Secret \[\S+\] already exists",
        do=HOLDS_DATA,
    ),
    Remedy(
        says=r"Error 409: .*already exists?|alreadyExists",
        do=ORPHAN,
    ),
)
"""The first that fits is taken."""


def remedy(target: Target, error: str) -> Remedy | None:
    """Return what mends one error of a cloud, filled in; None where only its own text can tell."""
    for each in AZURE if target.cloud is Cloud.AZURE else GCP:
        found = re.search(each.says, error, re.DOTALL)
        if found:
            return replace(each, do=each.do.format_map({**_known(target), **_named(found)}))
    return None


def _named(found: re.Match[str]) -> dict[str, str]:
    named = {name: text for name, text in found.groupdict().items() if text}
    return {"service": named.get("metric", ""), **named}


def _known(target: Target) -> dict[str, str]:
    """Return what the file says of where the environment is."""
    azure, gcp = target.environment.azure, target.environment.gcp
    if target.cloud is Cloud.AZURE and azure:
        return {"subscription": azure.subscription_id, "location": azure.location}
    return {"project": gcp.project} if gcp else {}
