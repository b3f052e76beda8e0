"""Questions to what keeps things: data, secrets, keys, permissions, logs, messages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.rehearsal.aws.questions.base import about

if TYPE_CHECKING:
    from tests.rehearsal.aws.account import Account


@about("AWS::IAM::Role")
def _role(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    found = account.client("iam").get_role(RoleName=physical_id)["Role"]
    return found["AssumeRolePolicyDocument"] == props["AssumeRolePolicyDocument"]


@about("AWS::IAM::Policy")
def _policy(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    client = account.client("iam")
    stack = physical_id.partition("-Tracking")[0]
    for role in client.list_roles()["Roles"]:
        names = client.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
        if role["RoleName"].startswith(stack) and props["PolicyName"] in names:
            found = client.get_role_policy(
                RoleName=role["RoleName"], PolicyName=props["PolicyName"]
            )
            resources = [
                arn
                for statement in found["PolicyDocument"]["Statement"]
                for arn in [statement["Resource"]]
            ]
            flat = [
                arn for item in resources for arn in (item if isinstance(item, list) else [item])
            ]
            return all(arn.startswith("arn:aws:") for arn in flat)
    return False


@about("AWS::KMS::Key")
def _key(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    found = account.client("kms").get_key_rotation_status(KeyId=physical_id)
    return found["KeyRotationEnabled"] == props["EnableKeyRotation"]


@about("AWS::Logs::LogGroup")
def _log_group(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    found = account.client("logs").describe_log_groups(logGroupNamePrefix=physical_id)
    (group,) = found["logGroups"]
    assert ("kmsKeyId" in group) == ("KmsKeyId" in props)
    return group["retentionInDays"] == props["RetentionInDays"]


@about("AWS::RDS::DBInstance")
def _database(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    found = account.client("rds").describe_db_instances(DBInstanceIdentifier=physical_id)
    (kept,) = found["DBInstances"]
    assert kept["EnabledCloudwatchLogsExports"] == props["EnableCloudwatchLogsExports"]
    same = ("BackupRetentionPeriod", "DBInstanceClass", "DeletionProtection", "EngineVersion")
    more = ("MaxAllocatedStorage", "MultiAZ", "PubliclyAccessible")
    assert kept["StorageEncrypted"]  # also where the snapshot that it is made of says so
    return all(kept[key] == props[key] for key in (*same, *more))


@about("AWS::RDS::DBParameterGroup")
def _parameters(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    found = account.client("rds").describe_db_parameters(
        DBParameterGroupName=physical_id, Source="user"
    )
    kept = {item["ParameterName"]: item["ParameterValue"] for item in found["Parameters"]}
    return kept == props["Parameters"]


@about("AWS::RDS::DBSubnetGroup")
def _database_subnets(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    found = account.client("rds").describe_db_subnet_groups(DBSubnetGroupName=physical_id)
    return len(found["DBSubnetGroups"][0]["Subnets"]) == len(props["SubnetIds"])


@about("AWS::S3::Bucket")
def _bucket(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    client = account.client("s3")
    tags = client.get_bucket_tagging(Bucket=physical_id)["TagSet"]
    assert all(tag in tags for tag in props["Tags"])
    block = client.get_public_access_block(Bucket=physical_id)["PublicAccessBlockConfiguration"]
    assert block == props["PublicAccessBlockConfiguration"]
    logged = client.get_bucket_logging(Bucket=physical_id).get("LoggingEnabled", {})
    wanted = props.get("LoggingConfiguration", {})
    assert logged.get("TargetPrefix") == wanted.get("LogFilePrefix")
    rules = client.get_bucket_lifecycle_configuration(Bucket=physical_id)["Rules"]
    abort = "AbortIncompleteMultipartUpload"
    declared = props["LifecycleConfiguration"]["Rules"]
    return [rule[abort] for rule in rules] == [rule[abort] for rule in declared]


@about("AWS::S3::BucketPolicy")
def _bucket_policy(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    bucket = physical_id.removesuffix("-policy")
    found = json.loads(account.client("s3").get_bucket_policy(Bucket=bucket)["Policy"])
    return len(found["Statement"]) == len(props["PolicyDocument"]["Statement"])


@about("AWS::SNS::Topic")
def _topic(account: Account, physical_id: str, _: dict[str, Any]) -> bool:
    found = account.client("sns").get_topic_attributes(TopicArn=physical_id)["Attributes"]
    assert found["SubscriptionsPending"] == "1"
    return found["KmsMasterKeyId"].startswith("arn:aws:kms:")


@about("AWS::SNS::TopicPolicy")
def _topic_policy(account: Account, physical_id: str, _: dict[str, Any]) -> bool:
    stack = physical_id.partition("-AlarmsTopicPolicy")[0]
    topics = account.client("sns").list_topics()["Topics"]
    (topic,) = [item["TopicArn"] for item in topics if f":{stack}-Alarms" in item["TopicArn"]]
    found = account.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    return "aws:SecureTransport" in found["Policy"]


@about("AWS::SNS::Subscription")
def _subscription(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    found = account.client("sns").get_subscription_attributes(SubscriptionArn=physical_id)
    kept = found["Attributes"]
    return (kept["Endpoint"], kept["PendingConfirmation"]) == (props["Endpoint"], "true")


@about("AWS::SecretsManager::Secret")
def _secret(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    assert physical_id.startswith("arn:aws:secretsmanager:")
    value = account.client("secretsmanager").get_secret_value(SecretId=physical_id)["SecretString"]
    wanted = props["GenerateSecretString"]
    if "SecretStringTemplate" in wanted:
        value = json.loads(value)[wanted["GenerateStringKey"]]
    assert not wanted.get("ExcludePunctuation") or value.isalnum()
    return len(value) == wanted["PasswordLength"]


@about("AWS::SecretsManager::SecretTargetAttachment")
def _target_attachment(account: Account, physical_id: str, _: dict[str, Any]) -> bool:
    value = account.client("secretsmanager").get_secret_value(SecretId=physical_id)["SecretString"]
    return {"host", "port", "dbname", "engine", "username"} <= json.loads(value).keys()
