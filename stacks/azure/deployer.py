"""Whom CI deploys as: an identity without a key, for the jobs of one GitHub environment.

https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust-user-assigned-managed-identity
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

import pulumi
from pulumi_azure_native import authorization, managedidentity

from mlops_infra.config.models import GITHUB_ISSUER
from stacks.azure.identities import ROLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stacks.azure.names import Names

AUDIENCE = "api://AzureADTokenExchange"
ACTIONS = (
    "Microsoft.App/*",
    "Microsoft.Authorization/*/read",
    "Microsoft.Authorization/locks/*",
    "Microsoft.Authorization/roleAssignments/delete",
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.ContainerRegistry/*",
    "Microsoft.DBforPostgreSQL/*",
    "Microsoft.Insights/*",
    "Microsoft.KeyVault/*",
    "Microsoft.ManagedIdentity/*",
    "Microsoft.Network/*",
    "Microsoft.OperationalInsights/*",
    "Microsoft.Resources/subscriptions/providers/read",
    "Microsoft.Resources/subscriptions/read",
    "Microsoft.Resources/subscriptions/resourceGroups/*",
    "Microsoft.Storage/*",
)
"""What makes the parts of the stack. In the subscription: a role in a group goes with that group,
and the groups are made by the deploy and deleted by a teardown."""

NOT_ACTIONS = (
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/delete",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
    "Microsoft.Storage/storageAccounts/listAccountSas/action",
    "Microsoft.Storage/storageAccounts/listKeys/action",
    "Microsoft.Storage/storageAccounts/listServiceSas/action",
    "Microsoft.Storage/storageAccounts/regenerateKey/action",
)
"""Nobody else is let in, and no account is opened with its keys."""

BLOB_DATA_CONTRIBUTOR = ROLES["Storage Blob Data Contributor"]
CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"


class Deployer:
    """The identity, what it may do, and whose tokens become it."""

    def __init__(
        self, *, names: Names, group: str, tenant: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> None:
        self._names, self._opts = names, opts
        self._identity = managedidentity.UserAssignedIdentity(
            "deployer",
            resource_group_name=group,
            resource_name_=names.deployer,
            location=names.location,
            tags=names.tags,
            # It is the same wherever the environment moves to.
            opts=pulumi.ResourceOptions.merge(
                opts, pulumi.ResourceOptions(ignore_changes=["location"])
            ),
        )
        managedidentity.FederatedIdentityCredential(
            "github",
            resource_group_name=group,
            resource_name_=names.deployer,
            federated_identity_credential_resource_name="github",
            issuer=GITHUB_ISSUER,
            subject=names.environment.github_subject,
            audiences=[AUDIENCE],
            opts=self._after(self._identity),
        )
        role = authorization.RoleDefinition(
            "deployer",
            scope=names.subscription,
            role_definition_id=self._uuid("role"),
            role_name=f"mlops-infra deploys {names.base} {names.suffix}",
            description=f"What a deploy of {names.base} makes, changes and deletes",
            role_type="CustomRole",
            assignable_scopes=[names.subscription],
            permissions=[
                authorization.PermissionArgs(actions=[*ACTIONS], not_actions=[*NOT_ACTIONS])
            ],
            opts=opts,
        )
        self._allow(
            "deploys",
            scope=names.subscription,
            role=self._uuid("role"),
            condition=_gives_only(ROLES.values()),
            after=role,
        )
        self.variables = {
            "AZURE_CLIENT_ID": self._identity.client_id,
            "AZURE_TENANT_ID": tenant,
            "AZURE_SUBSCRIPTION_ID": names.azure.subscription_id,
        }

    def let_into(self, container: pulumi.Resource, scope: str) -> None:
        """Let it keep the state in the container with the id `scope`."""
        self._allow("state", scope=scope, role=BLOB_DATA_CONTRIBUTOR, after=container)

    def let_use(self, key: pulumi.Resource, scope: str) -> None:
        """Let it encrypt the state's secrets with the key with the id `scope`."""
        self._allow("key", scope=scope, role=CRYPTO_USER, after=key)

    def _allow(
        self, name: str, *, scope: str, role: str, after: pulumi.Resource, condition: str = ""
    ) -> None:
        roles = f"{self._names.subscription}/providers/Microsoft.Authorization/roleDefinitions"
        authorization.RoleAssignment(
            f"deployer-{name}",
            scope=scope,
            role_assignment_name=self._uuid(f"{scope}/{role}"),
            principal_id=self._identity.principal_id,
            # Told apart from a user, a new identity need not be found everywhere first.
            principal_type=authorization.PrincipalType.SERVICE_PRINCIPAL,
            role_definition_id=f"{roles}/{role}",
            condition=condition or None,
            condition_version="2.0" if condition else None,
            opts=self._after(self._identity, after),
        )

    def _uuid(self, what: str) -> str:
        return str(uuid5(NAMESPACE_URL, f"{self._names.subscription}/{self._names.base}/ci/{what}"))

    def _after(self, *made: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions.merge(self._opts, pulumi.ResourceOptions(depends_on=made))


def _gives_only(roles: Iterable[str]) -> str:
    """Return the condition that lets whoever may give roles give these, to identities alone.

    https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-examples
    """
    given = ", ".join(sorted(roles))
    return " AND ".join(
        f"((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/{verb}'}})) OR "
        f"(@{source}[Microsoft.Authorization/roleAssignments:RoleDefinitionId] "
        f"ForAnyOfAnyValues:GuidEquals {{{given}}} AND "
        f"@{source}[Microsoft.Authorization/roleAssignments:PrincipalType] "
        "ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'}))"
        for verb, source in (("write", "Request"), ("delete", "Resource"))
    )
