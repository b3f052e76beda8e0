"""Alarms on what users and data feel first, sent where the file says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_azure_native import monitor

from stacks.azure.database import RESERVED_CONNECTIONS

if TYPE_CHECKING:
    from stacks.azure.database import Database
    from stacks.azure.groups import Groups
    from stacks.azure.names import Names
    from stacks.azure.tracking import Tracking

ABOVE, BELOW = monitor.Operator.GREATER_THAN, monitor.Operator.LESS_THAN
MOST, LEAST = monitor.AggregationTypeEnum.MAXIMUM, monitor.AggregationTypeEnum.MINIMUM
AVERAGE, SUM = monitor.AggregationTypeEnum.AVERAGE, monitor.AggregationTypeEnum.TOTAL


class Alarms(pulumi.ComponentResource):
    """An address, and alarms on errors, unhealthy replicas, and the database's disk, CPU, room.

    The metrics' names are Azure's: https://learn.microsoft.com/azure/container-apps/metrics and
    https://learn.microsoft.com/azure/postgresql/monitor/concepts-monitoring
    """

    def __init__(
        self,
        name: str,
        *,
        names: Names,
        groups: Groups,
        database: Database,
        tracking: Tracking,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("mlops:azure:Alarms", name, opts=opts)
        self._names, self._group = names, groups.compute.name
        alerts = names.environment.alerts
        self.action = monitor.ActionGroup(
            "alarms",
            resource_group_name=self._group,
            action_group_name=names.base,
            group_short_name=names.environment.name[:12],
            location="global",
            enabled=True,
            email_receivers=[
                monitor.MicrosoftCommonEmailReceiverArgs(
                    name="owner", email_address=alerts.email, use_common_alert_schema=True
                )
            ]
            if alerts
            else [],
            tags=names.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        server, data = tracking.app.id, database.server.id
        room = names.environment.database.connections + RESERVED_CONNECTIONS
        failed = monitor.MetricDimensionArgs(
            name="statusCodeCategory", operator="Include", values=["5xx"]
        )
        self._alarm(
            "server-errors",
            source=server,
            metric=_metric("Requests", SUM, ABOVE, 10, only=failed),
            why="the server answers with 5xx",
        )
        self._alarm(
            "unhealthy-replicas",
            source=server,
            metric=_metric("RestartCount", MOST, ABOVE, 2),
            why="a replica fails its health check and is started again and again",
        )
        if names.environment.server.replicas.min > 0:  # else none is what the file asks for
            self._alarm(
                "no-replica",
                source=server,
                metric=_metric("Replicas", MOST, BELOW, 1),
                why="there is no replica",
            )
        self._alarm(
            "database-storage",
            source=data,
            metric=_metric("storage_percent", MOST, ABOVE, 90),
            why="less than a tenth of the database's disk is free",
        )
        self._alarm(
            "database-cpu",
            source=data,
            metric=_metric("cpu_percent", AVERAGE, ABOVE, 80),
            why="the database is busy",
        )
        self._alarm(
            "database-connections",
            source=data,
            metric=_metric("active_connections", MOST, ABOVE, room * 9 // 10),
            why="nine tenths of the database's connections are taken",
        )
        self._alarm(
            "database-alive",
            source=data,
            metric=_metric("is_db_alive", LEAST, BELOW, 1),
            why="the database does not answer",
        )
        self.register_outputs({})

    def _alarm(
        self,
        name: str,
        *,
        source: pulumi.Output[str],
        metric: monitor.MetricCriteriaArgs,
        why: str,
    ) -> None:
        kind = monitor.Odatatype.MICROSOFT_AZURE_MONITOR_SINGLE_RESOURCE_MULTIPLE_METRIC_CRITERIA
        monitor.MetricAlert(
            name,
            resource_group_name=self._group,
            rule_name=f"{self._names.base}-{name}",
            location="global",
            description=why,
            severity=1,
            enabled=True,
            scopes=[source],
            evaluation_frequency="PT1M",
            window_size="PT5M",
            criteria=monitor.MetricAlertSingleResourceMultipleMetricCriteriaArgs(
                odata_type=kind, all_of=[metric]
            ),
            actions=[monitor.MetricAlertActionArgs(action_group_id=self.action.id)],
            auto_mitigate=True,
            tags=self._names.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )


def _metric(
    name: str,
    aggregation: monitor.AggregationTypeEnum,
    operator: monitor.Operator,
    threshold: int,
    *,
    only: monitor.MetricDimensionArgs | None = None,
) -> monitor.MetricCriteriaArgs:
    return monitor.MetricCriteriaArgs(
        criterion_type=monitor.CriterionType.STATIC_THRESHOLD_CRITERION,
        name="metric",
        metric_name=name,
        operator=operator,
        threshold=threshold,
        time_aggregation=aggregation,
        dimensions=[only] if only else None,
    )
