"""Logs and alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from pulumi_azure_native import monitor, operationalinsights

from mlops_infra.rehearsal.azure.arm import require, resource, scoped
from mlops_infra.rehearsal.pulumi.description import CloudError

if TYPE_CHECKING:
    from mlops_infra.rehearsal.pulumi.description import Call


def _refuse_workspace(call: Call) -> None:
    if not 30 <= call.inputs["retentionInDays"] <= 730:
        raise CloudError("InvalidParameter: retentionInDays takes 30 to 730 for PerGB2018")


def _refuse_alert(call: Call) -> None:
    for scope in call.inputs["scopes"]:
        require(call, scope, "the scope")
    for each in call.inputs.get("actions", []):
        require(call, each["actionGroupId"], "the action group")


def _refuse_action_group(call: Call) -> None:
    if len(call.inputs["groupShortName"]) > 12:
        raise CloudError("InvalidActionGroupShortName: up to 12 characters")


TYPES = (
    resource(
        operationalinsights.Workspace,
        "Microsoft.OperationalInsights/workspaces/{workspaceName}",
        computed=lambda call: {
            "customerId": str(uuid5(NAMESPACE_URL, f"customer of {call.id}")),
        },
        refuse=_refuse_workspace,
    ),
    scoped(
        monitor.DiagnosticSetting,
        "Microsoft.Insights/diagnosticSettings",
        name="name",
        scope="resourceUri",
    ),
    resource(
        monitor.ActionGroup,
        "Microsoft.Insights/actionGroups/{actionGroupName}",
        refuse=_refuse_action_group,
    ),
    resource(
        monitor.MetricAlert,
        "Microsoft.Insights/metricAlerts/{ruleName}",
        refuse=_refuse_alert,
    ),
)
