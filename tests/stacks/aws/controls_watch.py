"""Control 16: logs are kept for a set time, and alarms reach whom the file names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tests.stacks.aws.template import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.config.models import Alerts, Environment
    from tests.stacks.aws.template import Resource, Template

ABOVE = {"GreaterThanThreshold", "GreaterThanOrEqualToThreshold"}
BELOW = {"LessThanThreshold", "LessThanOrEqualToThreshold"}


class Watched(NamedTuple):
    """A metric that needs an alarm: of which resource, on which side of its threshold."""

    metric: str
    dimension: str
    kind: str
    comparisons: set[str]


WATCHED = (
    Watched("HTTPCode_Target_5XX_Count", "LoadBalancer", "LoadBalancer", ABOVE),
    Watched("HTTPCode_ELB_5XX_Count", "LoadBalancer", "LoadBalancer", ABOVE),
    Watched("UnHealthyHostCount", "TargetGroup", "TargetGroup", ABOVE),
    Watched("HealthyHostCount", "TargetGroup", "TargetGroup", BELOW),
    Watched("FreeStorageSpace", "DBInstanceIdentifier", "DBInstance", BELOW),
    Watched("CPUUtilization", "DBInstanceIdentifier", "DBInstance", ABOVE),
    Watched("DatabaseConnections", "DBInstanceIdentifier", "DBInstance", ABOVE),
)


def control_16(template: Template, environment: Environment) -> Iterator[str]:
    """Logs are kept for a set time; each alarm exists and reaches the address in the file."""
    yield from _logs(template)
    for watched in WATCHED:
        if not any(_is_on(template, alarm, watched) for alarm in template.all("CloudWatch::Alarm")):
            yield f"no alarm on {watched.metric}"
    for alarm in template.all("CloudWatch::Alarm"):
        yield from _arrives(template, alarm, environment.alerts)


def _logs(template: Template) -> Iterator[str]:
    groups = template.all("Logs::LogGroup")
    for each in groups:
        if not each.get("RetentionInDays"):
            yield f"{each.name} is kept for ever"
    options = template.container.get("LogConfiguration", {}).get("Options", {})
    if template.at(options.get("awslogs-group", "")) not in groups:
        yield "the server's log is in no group of the stack's"
    instance = template.one("RDS::DBInstance")
    names = {each.get("LogGroupName") for each in groups}
    for kind in instance.get("EnableCloudwatchLogsExports", []):
        if f"/aws/rds/instance/{instance.get('DBInstanceIdentifier')}/{kind}" not in names:
            yield f"RDS makes its own group for {kind}, and keeps it for ever"
    for balancer in template.all("ElasticLoadBalancingV2::LoadBalancer"):
        attributes = {each["Key"]: each["Value"] for each in balancer["LoadBalancerAttributes"]}
        bucket = template.at(attributes.get("access_logs.s3.bucket", ""))
        if attributes.get("access_logs.s3.enabled") != "true" or bucket is None:
            yield "requests are not logged"
        elif not any(
            "ExpirationInDays" in rule and rule["Status"] == "Enabled"
            for rule in bucket["LifecycleConfiguration"]["Rules"]
        ):
            yield "logs of requests are kept for ever"
    if not template.all("EC2::FlowLog"):
        yield "the network's traffic is not logged"


def _is_on(template: Template, alarm: Resource, watched: Watched) -> bool:
    dimensions = {each["Name"]: each["Value"] for each in alarm.get("Dimensions", [])}
    resource = template.at(dimensions.get(watched.dimension, ""))
    if alarm.get("MetricName") != watched.metric or resource is None:
        return False
    # Without any task there is no count of healthy ones either.
    sees_nothing = watched.comparisons is BELOW and watched.metric == "HealthyHostCount"
    return (
        resource.kind.endswith(f"::{watched.kind}")
        and alarm["ComparisonOperator"] in watched.comparisons
        and (not sees_nothing or alarm.get("TreatMissingData") == "breaching")
    )


def _arrives(template: Template, alarm: Resource, alerts: Alerts | None) -> Iterator[str]:
    if alarm.get("ActionsEnabled") is False or not alarm.get("AlarmActions"):
        yield f"{alarm.name} tells nobody"
    for action in alarm.get("AlarmActions", []):
        topic = template.at(action)
        if topic is None or topic.kind != "AWS::SNS::Topic":
            yield f"{alarm.name} tells {action}"
            continue
        readers = [
            each["Endpoint"]
            for each in template.all("SNS::Subscription")
            if each["TopicArn"] == topic.ref
        ]
        if readers != ([alerts.email] if alerts else []):
            yield f"{alarm.name} tells {readers}, the file says {alerts}"
        policies = [
            each["PolicyDocument"]
            for each in template.all("SNS::TopicPolicy")
            if topic.ref in each["Topics"]
        ]
        if policies and not any(_lets(each, "sns:Publish") for each in policies):
            yield f"CloudWatch may not publish to {topic.name}"
        key = template.at(topic.get("KmsMasterKeyId", ""))
        if key is None or not _lets(key["KeyPolicy"], "kms:GenerateDataKey*"):
            yield f"CloudWatch may not use the key of {topic.name}"


def _lets(document: dict[str, Any], action: str) -> bool:
    """Whether a policy lets CloudWatch's alarms do that."""
    return any(
        statement["Effect"] == "Allow"
        and statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        and action in listed(statement["Action"])
        for statement in document["Statement"]
    )
