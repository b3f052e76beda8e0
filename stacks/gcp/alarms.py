"""Alarms on what users and data feel first, sent where the file says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_gcp as gcp

from mlops_infra.config.sizing import DATABASE_CONNECTIONS

if TYPE_CHECKING:
    from stacks.gcp.database import Database
    from stacks.gcp.names import Names
    from stacks.gcp.services import Services
    from stacks.gcp.tracking import Tracking

FIVE_MINUTES = "300s"


class Alarms(pulumi.ComponentResource):
    """Alarms on errors, unhealthy replicas, and the database's disk, CPU and connections.

    Metrics: https://cloud.google.com/monitoring/api/metrics_gcp
    """

    def __init__(
        self,
        name: str,
        *,
        names: Names,
        services: Services,
        database: Database,
        tracking: Tracking,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("mlops:gcp:Alarms", name, None, opts)
        self._names = names
        self._after = [services["monitoring"], database.instance, tracking.service]
        self._channels = self._email(services)
        wanted = names.environment
        run = {"service_name": names.base, "location": names.gcp.region}
        sql = {"database_id": f"{names.gcp.project}:{names.database}"}
        self._alarm(
            "server-errors",
            _filter("run", "request_count", run, response_code_class="5xx"),
            above=10,
            aligner="ALIGN_DELTA",
            why="the server answers with 5xx, or no replica answers",
        )
        self._alarm(
            "unhealthy-replicas",
            _filter("run", "container/completed_probe_count", run, is_healthy=False),
            above=0,
            aligner="ALIGN_DELTA",
            why="a replica fails its health check, and is started again",
        )
        if wanted.server.replicas.min:  # else nothing runs while nobody asks
            self._alarm(
                "no-replica",
                _filter("run", "container/instance_count", run),
                below=1,
                aligner="ALIGN_MAX",
                why="no replica runs",
                missing="EVALUATION_MISSING_DATA_ACTIVE",
            )
        self._alarm(
            "database-storage",
            _filter("sql", "database/disk/utilization", sql),
            above=0.9,
            why="less than a tenth of the database's disk is free",
        )
        self._alarm(
            "database-cpu",
            _filter("sql", "database/cpu/utilization", sql),
            above=0.8,
            why="the database is busy",
        )
        self._alarm(
            "database-connections",
            _filter("sql", "database/postgresql/num_backends", sql),
            above=DATABASE_CONNECTIONS[wanted.database.size] * 9 // 10,
            aligner="ALIGN_MAX",
            why="nine tenths of the database's connections are taken",
        )
        self.register_outputs({})

    def _email(self, services: Services) -> list[pulumi.Output[str]]:
        alerts = self._names.environment.alerts
        if alerts is None:
            return []
        channel = gcp.monitoring.NotificationChannel(
            "email",
            display_name=f"{self._names.base}: {alerts.email}",
            type="email",
            labels={"email_address": alerts.email},
            user_labels=self._names.labels,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[services["monitoring"]]),
        )
        return [channel.id]

    def _alarm(
        self,
        name: str,
        metric_filter: str,
        *,
        why: str,
        above: float | None = None,
        below: float | None = None,
        aligner: str = "ALIGN_MEAN",
        missing: str = "EVALUATION_MISSING_DATA_INACTIVE",
    ) -> None:
        """Go off when five minutes' value, summed over all series, is past its bound."""
        aggregation = gcp.monitoring.AlertPolicyConditionConditionThresholdAggregationArgs(
            alignment_period=FIVE_MINUTES,
            per_series_aligner=aligner,
            cross_series_reducer="REDUCE_SUM",
        )
        threshold = gcp.monitoring.AlertPolicyConditionConditionThresholdArgs(
            filter=metric_filter,
            comparison="COMPARISON_GT" if above is not None else "COMPARISON_LT",
            threshold_value=above if above is not None else below,
            duration=FIVE_MINUTES,
            aggregations=[aggregation],
            evaluation_missing_data=missing,
        )
        gcp.monitoring.AlertPolicy(
            name,
            display_name=f"{self._names.base}: {name}",
            combiner="OR",
            conditions=[
                gcp.monitoring.AlertPolicyConditionArgs(
                    display_name=why, condition_threshold=threshold
                )
            ],
            notification_channels=self._channels,
            documentation=gcp.monitoring.AlertPolicyDocumentationArgs(
                content=why, mime_type="text/markdown"
            ),
            user_labels=self._names.labels,
            opts=pulumi.ResourceOptions(parent=self, depends_on=self._after),
        )


def _filter(
    service: str,
    metric: str,
    resource: dict[str, str],
    *,
    response_code_class: str | None = None,
    is_healthy: bool | None = None,
) -> str:
    kind, domain = {
        "run": ("cloud_run_revision", "run.googleapis.com"),
        "sql": ("cloudsql_database", "cloudsql.googleapis.com"),
    }[service]
    terms = [f'resource.type="{kind}"', f'metric.type="{domain}/{metric}"']
    terms += [f'resource.labels.{key}="{value}"' for key, value in resource.items()]
    if response_code_class is not None:
        terms.append(f'metric.labels.response_code_class="{response_code_class}"')
    if is_healthy is not None:
        terms.append(f"metric.labels.is_healthy={str(is_healthy).lower()}")
    return " AND ".join(terms)
