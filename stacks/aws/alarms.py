"""Alarms on what users and data feel first, sent where the file says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from mlops_infra.config.sizing import DATABASE_CONNECTIONS

if TYPE_CHECKING:
    from mlops_infra.config.models import Environment
    from stacks.aws.access import Access
    from stacks.aws.database import Database
    from stacks.aws.encryption import Encryption
    from stacks.aws.tracking import Tracking

GIB = 2**30


class Alarms(Construct):
    """A topic, and alarms on errors, unhealthy tasks, and the database's disk, CPU, connections."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        access: Access,
        database: Database,
        tracking: Tracking,
        encryption: Encryption,
    ) -> None:
        super().__init__(scope, construct_id)
        self.topic = sns.Topic(self, "Topic", master_key=encryption.key, enforce_ssl=True)
        # `enforce_ssl` replaces the policy that lets the account's own alarms publish.
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": cdk.Stack.of(self).account}},
            )
        )
        if environment.alerts:
            self.topic.add_subscription(subscriptions.EmailSubscription(environment.alerts.email))
        wanted, instance, balancer = environment.database, database.instance, access.balancer
        five_minutes = cdk.Duration.minutes(5)
        codes = elb.HttpCodeTarget.TARGET_5XX_COUNT, elb.HttpCodeElb.ELB_5XX_COUNT
        self._alarm(
            "ServerErrors",
            balancer.metrics.http_code_target(codes[0], period=five_minutes, statistic="Sum"),
            above=10,
            why="the server answers with 5xx",
        )
        self._alarm(
            "FrontErrors",
            balancer.metrics.http_code_elb(codes[1], period=five_minutes, statistic="Sum"),
            above=10,
            why="the load balancer finds no task that answers",
        )
        self._alarm(
            "UnhealthyReplicas",
            access.target_group.metrics.unhealthy_host_count(
                period=cdk.Duration.minutes(1), statistic="Maximum"
            ),
            above=0,
            why="a replica fails its health check",
        )
        alarm = self._alarm(
            "NoReplica",
            access.target_group.metrics.healthy_host_count(
                period=cdk.Duration.minutes(1), statistic="Minimum"
            ),
            below=1,
            why="no replica is healthy, or there is none",
            missing=cloudwatch.TreatMissingData.BREACHING,
        )
        alarm.node.add_dependency(tracking.service)  # or it would go off on the first deploy
        self._alarm(
            "DatabaseStorage",
            instance.metric_free_storage_space(period=five_minutes, statistic="Minimum"),
            below=wanted.storage_gib * GIB // 10,
            why="less than a tenth of the database's disk is free",
        )
        self._alarm(
            "DatabaseCpu",
            instance.metric_cpu_utilization(period=five_minutes),
            above=80,
            why="the database is busy",
        )
        self._alarm(
            "DatabaseConnections",
            instance.metric_database_connections(period=five_minutes, statistic="Maximum"),
            above=DATABASE_CONNECTIONS[wanted.size] * 9 // 10,
            why="nine tenths of the database's connections are taken",
        )

    def _alarm(
        self,
        construct_id: str,
        metric: cloudwatch.Metric,
        *,
        why: str,
        above: float | None = None,
        below: float | None = None,
        missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
    ) -> cloudwatch.Alarm:
        comparison = cloudwatch.ComparisonOperator
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            metric=metric,
            alarm_description=why,
            threshold=above if above is not None else below or 0,
            comparison_operator=comparison.GREATER_THAN_THRESHOLD
            if above is not None
            else comparison.LESS_THAN_THRESHOLD,
            evaluation_periods=3,
            treat_missing_data=missing,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        alarm.add_ok_action(actions.SnsAction(self.topic))
        return alarm
