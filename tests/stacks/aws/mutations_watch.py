"""Breaks control 16 on purpose."""

from __future__ import annotations

from tests.stacks.aws.mutations import ALARM, BALANCER, BUCKET, CONTAINER, TASK, Mutation

MUTATIONS = (
    Mutation(
        16,
        "the server's log is kept for ever",
        lambda edit: edit.drop("Logs::LogGroup", "RetentionInDays", "LogsServer"),
    ),
    Mutation(
        16,
        "the server logs to nowhere",
        lambda edit: edit.drop(TASK, f"{CONTAINER}.LogConfiguration"),
    ),
    Mutation(
        16,
        "RDS makes its own log group, kept for ever",
        lambda edit: edit.remove("Logs::LogGroup", "DatabasePostgresql"),
    ),
    Mutation(
        16,
        "logs of requests are kept for ever",
        lambda edit: edit.drop(BUCKET, "LifecycleConfiguration.Rules.0.ExpirationInDays", "Logs"),
    ),
    Mutation(
        16, "requests are not logged", lambda edit: edit.put(BALANCER, "LoadBalancerAttributes", [])
    ),
    Mutation(16, "the network is not watched", lambda edit: edit.remove("EC2::FlowLog")),
    Mutation(16, "nobody hears of 5xx", lambda edit: edit.remove(ALARM, "ServerErrors")),
    Mutation(16, "nobody hears of a full disk", lambda edit: edit.remove(ALARM, "DatabaseStorage")),
    Mutation(
        16,
        "the alarm on the disk goes off when there is room",
        lambda edit: edit.put(
            ALARM, "ComparisonOperator", "GreaterThanThreshold", "DatabaseStorage"
        ),
    ),
    Mutation(
        16,
        "no task at all is no alarm",
        lambda edit: edit.put(ALARM, "TreatMissingData", "notBreaching", "NoReplica"),
    ),
    Mutation(
        16,
        "the alarm watches somebody else's database",
        lambda edit: edit.put(ALARM, "Dimensions.0.Value", "other", "DatabaseCpu"),
    ),
    Mutation(
        16, "an alarm tells nobody", lambda edit: edit.drop(ALARM, "AlarmActions", "DatabaseCpu")
    ),
    Mutation(
        16,
        "an alarm is switched off",
        lambda edit: edit.put(ALARM, "ActionsEnabled", value=False, within="DatabaseCpu"),
    ),
    Mutation(16, "nobody reads the alarms", lambda edit: edit.remove("SNS::Subscription")),
    Mutation(
        16,
        "CloudWatch may not publish",
        lambda edit: edit.drop("SNS::TopicPolicy", "PolicyDocument.Statement.1"),
    ),
    Mutation(
        16,
        "CloudWatch may not use the topic's key",
        lambda edit: edit.drop("KMS::Key", "KeyPolicy.Statement.1"),
    ),
    Mutation(
        16,
        "the topic has AWS's own key",
        lambda edit: edit.put("SNS::Topic", "KmsMasterKeyId", "alias/aws/sns"),
    ),
)
