"""Where logs go, and how long they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_azure_native import monitor, operationalinsights

if TYPE_CHECKING:
    from stacks.azure.groups import Groups
    from stacks.azure.names import Names

RETENTION_DAYS = {False: 30, True: 90}
"""Protected or not. 30 is the least, and free:
https://learn.microsoft.com/azure/azure-monitor/logs/data-retention-configure"""


class Logs(pulumi.ComponentResource):
    """A Log Analytics workspace, and the way there for whatever has logs. No key is needed."""

    def __init__(
        self,
        name: str,
        *,
        names: Names,
        groups: Groups,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("mlops:azure:Logs", name, opts=opts)
        self.workspace = operationalinsights.Workspace(
            "logs",
            resource_group_name=groups.compute.name,
            workspace_name=names.base,
            location=names.location,
            sku=operationalinsights.WorkspaceSkuArgs(
                name=operationalinsights.WorkspaceSkuNameEnum.PER_GB2018
            ),
            retention_in_days=RETENTION_DAYS[names.environment.protected],
            features=operationalinsights.WorkspaceFeaturesArgs(disable_local_auth=True),
            tags=names.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})

    def collect(self, name: str, *, source: pulumi.Input[str], categories: list[str]) -> None:
        """Send these kinds of logs of `source`, a resource's id, to the workspace."""
        monitor.DiagnosticSetting(
            f"{name}-logs",
            name="logs",
            resource_uri=source,
            workspace_id=self.workspace.id,
            logs=[
                monitor.DiagnosticsLogSettingsArgs(category=each, enabled=True)
                for each in categories
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
