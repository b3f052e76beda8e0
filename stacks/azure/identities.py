"""Who the server is: one identity that it has, and one that only starts it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

import pulumi
from pulumi_azure_native import authorization, managedidentity

if TYPE_CHECKING:
    from stacks.azure.groups import Groups
    from stacks.azure.names import Names

ROLES = {
    "AcrPull": "7f951dda-4ed3-460f-a680-43fe172d538d",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
}
"""https://learn.microsoft.com/azure/role-based-access-control/built-in-roles"""


class Identities(pulumi.ComponentResource):
    """The server's own identity, and the platform's to pull its image and read its secrets with.

    What runs in the container can take the first only: it cannot read the vault.
    """

    def __init__(
        self,
        name: str,
        *,
        names: Names,
        groups: Groups,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("mlops:azure:Identities", name, opts=opts)
        self._names, self._group = names, groups.compute.name
        self.server = self._identity("server")
        self.starter = self._identity("starter")
        self.register_outputs({})

    def allow(
        self,
        name: str,
        *,
        identity: managedidentity.UserAssignedIdentity,
        role: str,
        scope: pulumi.Input[str],
        scope_key: str,
    ) -> authorization.RoleAssignment:
        """Give `identity` a role on one thing; `scope_key` tells that thing from the others."""
        subscription = self._names.subscription
        assignment = uuid5(NAMESPACE_URL, f"{subscription}/{self._names.base}/{name}/{scope_key}")
        return authorization.RoleAssignment(
            name,
            role_assignment_name=str(assignment),
            scope=scope,
            principal_id=identity.principal_id,
            # Told apart from a user, a new identity need not be found everywhere first.
            principal_type=authorization.PrincipalType.SERVICE_PRINCIPAL,
            role_definition_id=(
                f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{ROLES[role]}"
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _identity(self, name: str) -> managedidentity.UserAssignedIdentity:
        return managedidentity.UserAssignedIdentity(
            name,
            resource_group_name=self._group,
            resource_name_=f"{self._names.base}-{name}",
            location=self._names.location,
            tags=self._names.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
