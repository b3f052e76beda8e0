"""Two resource groups: what a teardown deletes, and what it keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_azure_native import authorization, resources

if TYPE_CHECKING:
    from stacks.azure.names import Names


class Groups(pulumi.ComponentResource):
    """A group for what computes and one for the data: a deleted group takes all it holds."""

    def __init__(
        self,
        name: str,
        *,
        names: Names,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("mlops:azure:Groups", name, opts=opts)
        self._names = names
        self.compute = resources.ResourceGroup(
            "compute",
            resource_group_name=names.group,
            location=names.location,
            tags=names.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        # id is a contract: renaming replaces the group and all the data in it
        self.data = resources.ResourceGroup(
            "data",
            resource_group_name=names.data_group,
            location=names.location,
            tags=names.tags,
            opts=pulumi.ResourceOptions(
                parent=self, protect=names.environment.protected, retain_on_delete=True
            ),
        )
        self.register_outputs({})

    def lock(self, name: str, *, data: pulumi.Input[str], opts: pulumi.ResourceOptions) -> None:
        """Keep what has the id `data` from being deleted, by hand too, where the file says so."""
        if not self._names.environment.protected:
            return
        authorization.ManagementLockByScope(
            f"{name}-lock",
            lock_name="data",
            scope=data,
            level=authorization.LockLevel.CAN_NOT_DELETE,
            notes=f"{self._names.base} is protected: see its environment file",
            opts=opts,
        )
