"""Controls 4, 5, 6, 9, 10 and 14: the data, and what keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.stacks.aws.template import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.config.models import Environment
    from tests.stacks.aws.template import Resource, Template

CLOSED = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


def control_04(template: Template, environment: Environment) -> Iterator[str]:
    """TLS to the database is required on both sides."""
    del environment
    instance = template.one("RDS::DBInstance")
    parameters = template.at(instance.get("DBParameterGroupName", ""))
    if parameters is None or str(parameters["Parameters"].get("rds.force_ssl")) != "1":
        yield "the database accepts connections without TLS"
    mode = template.variables.get("PGSSLMODE", "prefer")
    if mode != "verify-full":
        yield f"the server would take any database for its own: PGSSLMODE is {mode}"
    if template.variables.get("PGSSLROOTCERT") != "/app/rds-ca.pem":
        yield "the server does not know who signs for its database"
    if instance.get("CACertificateIdentifier") != "rds-ca-rsa2048-g1":
        yield "the database's certificate is signed by none that the image knows"
    if "sslmode" in template.variables.get("MLFLOW_BACKEND_STORE_URI", ""):
        yield "the URI of the database overrides PGSSLMODE"


def control_05(template: Template, environment: Environment) -> Iterator[str]:
    """Buckets: closed, TLS only, encrypted, versioned where asked, with lifecycles."""
    for bucket in template.all("S3::Bucket"):
        yield from _is_closed(template, bucket)
        if not _rules(bucket, "AbortIncompleteMultipartUpload"):
            yield f"{bucket.name} keeps unfinished uploads for ever"
    artifacts, wanted = template.artifacts, environment.artifacts
    versioned = artifacts.get("VersioningConfiguration", {}).get("Status") == "Enabled"
    if versioned != wanted.versioning:
        yield f"the file says versioning: {wanted.versioning}, the bucket {versioned}"
    kept = [each.get("NoncurrentDays") for each in _rules(artifacts, "NoncurrentVersionExpiration")]
    if kept != ([wanted.expire_noncurrent_days] if wanted.versioning else []):
        yield f"old versions are kept {kept} days"
    if _rules(artifacts, "ExpirationInDays") or _rules(artifacts, "ExpirationDate"):
        yield "models expire"


def control_06(template: Template, environment: Environment) -> Iterator[str]:
    """Everything is encrypted at rest: database, buckets, secrets, logs, alarms."""
    del environment
    for each in template.all("RDS::DBInstance"):
        is_restored = "DBSnapshotIdentifier" in each.properties  # encrypted as the snapshot is
        if each.get("StorageEncrypted") is not True and not is_restored:
            yield f"{each.name} is not encrypted"
    for each in template.all("S3::Bucket"):
        rules = each.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
        kinds = [rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] for rule in rules]
        if not kinds or set(kinds) - {"AES256", "aws:kms"}:
            yield f"{each.name} is not encrypted"
    for kind, key in (
        ("SecretsManager::Secret", "KmsKeyId"),
        ("Logs::LogGroup", "KmsKeyId"),
        ("SNS::Topic", "KmsMasterKeyId"),
    ):
        for each in template.all(kind):
            if template.at(each.get(key, "")) not in template.all("KMS::Key"):
                yield f"{each.name} is not encrypted with the environment's key"
    for each in template.all("KMS::Key"):
        if each.get("EnableKeyRotation") is not True:
            yield f"{each.name} never changes"
        users = [str(statement["Principal"]) for statement in each["KeyPolicy"]["Statement"]]
        if not any("'logs." in user for user in users):
            yield "CloudWatch Logs may not use the key: no group could be made with it"


def control_09(template: Template, environment: Environment) -> Iterator[str]:
    """A protected database is in two zones, backed up 7 days or more, protected from deletion."""
    instance, wanted = template.one("RDS::DBInstance"), environment.database
    days = instance.get("BackupRetentionPeriod", 0)
    if days != wanted.backup_days:
        yield f"the file says {wanted.backup_days} days of backups, the database {days}"
    if instance.get("MultiAZ") is not wanted.high_availability:
        yield f"the file says high_availability: {wanted.high_availability}"
    if instance.get("DeletionProtection") is not environment.protected:
        yield f"the file says protected: {environment.protected}, the database disagrees"
    if not environment.protected:
        return
    if instance.get("MultiAZ") is not True:
        yield "a protected database is in one zone"
    if days < 7:
        yield f"a protected database can be restored to {days} days only"
    if instance.get("DeleteAutomatedBackups") is not False:
        yield "backups go with the database"
    for balancer in template.all("ElasticLoadBalancingV2::LoadBalancer"):
        if {"Key": "deletion_protection.enabled", "Value": "true"} not in balancer[
            "LoadBalancerAttributes"
        ]:
            yield "a protected front door can be deleted"


def control_10(template: Template, environment: Environment) -> Iterator[str]:
    """Teardown keeps database and bucket, and what it kept does not block a later deploy."""
    instance, bucket = template.one("RDS::DBInstance"), template.artifacts
    if instance.policies != ("Snapshot", "Snapshot"):
        yield f"the database is not kept as a snapshot: {instance.policies}"
    if instance.get("CopyTagsToSnapshot") is not True:
        yield "its snapshots have no tags to find them by"
    if bucket.policies != ("Retain", "Retain"):
        yield f"the bucket is not kept: {bucket.policies}"
    aws = environment.aws
    assert aws is not None
    name = f"{environment.project}-{environment.name}-{aws.account}-{aws.region}"
    if bucket.get("BucketName") != name:
        yield f"the bucket is called {bucket.get('BucketName')}, not {name}"
    for each in template.resources.values():
        if "Retain" in each.policies and not str(each.get("BucketName", "")).startswith(name):
            yield f"{each.name} is kept, and the next deploy cannot find it"
    if len(name) > 63:
        yield f"no bucket can be called {name}"
    keys = [each.name for each in template.all("KMS::Key")]
    kept = {"database": instance.properties, "bucket": bucket.get("BucketEncryption", {})}
    for what, properties in kept.items():
        if any(f"${{{key}" in str(properties) for key in keys):
            yield f"the {what} is kept, and the key to it is deleted"


def control_14(template: Template, environment: Environment) -> Iterator[str]:
    """The image's entry point migrates under a lock before it serves; backups are on."""
    del environment
    if template.container.get("EntryPoint"):
        yield "the entry point that migrates is replaced"
    if template.container.get("Command", [""])[0] != "server":
        yield "the container does not serve"
    instance = template.one("RDS::DBInstance")
    if instance.get("BackupRetentionPeriod", 0) < 1:
        yield "there are no backups to go back to"
    if template.outputs.get("DatabaseIdentifier") != instance.ref:
        yield "the engine cannot find the database to snapshot before a new version"


def _is_closed(template: Template, bucket: Resource) -> Iterator[str]:
    blocked = bucket.get("PublicAccessBlockConfiguration", {})
    if not all(blocked.get(key) is True for key in CLOSED):
        yield f"{bucket.name} can be made public"
    owners = bucket.get("OwnershipControls", {}).get("Rules", [])
    if [each["ObjectOwnership"] for each in owners] != ["BucketOwnerEnforced"]:
        yield f"{bucket.name} has access control lists"
    statements = [
        statement
        for policy in template.all("S3::BucketPolicy")
        if policy["Bucket"] == bucket.ref
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    for what, condition in (
        ("plain HTTP", {"Bool": {"aws:SecureTransport": "false"}}),
        ("TLS 1.1", {"NumericLessThan": {"s3:TlsVersion": 1.2}}),
    ):
        if not any(_denies(each, bucket, condition) for each in statements):
            yield f"{bucket.name} can be reached by {what}"
    for each in statements:
        if each["Effect"] == "Allow" and _is_everybody(each["Principal"]):
            yield f"{bucket.name} lets everybody {each['Action']}"


def _denies(statement: dict[str, Any], bucket: Resource, condition: dict[str, Any]) -> bool:
    arn = bucket.att("Arn")
    return (
        statement["Effect"] == "Deny"
        and statement.get("Condition") == condition
        and _is_everybody(statement["Principal"])
        and listed(statement["Action"]) == ["s3:*"]
        and {arn, f"{arn}/*"} <= set(listed(statement["Resource"]))
    )


def _is_everybody(principal: Any) -> bool:  # noqa: ANN401 - JSON
    return principal == "*" or (isinstance(principal, dict) and "*" in listed(principal.get("AWS")))


def _rules(bucket: Resource, key: str) -> list[Any]:
    """What the bucket's enabled lifecycle rules say under `key`."""
    rules = bucket.get("LifecycleConfiguration", {}).get("Rules", [])
    return [each[key] for each in rules if each["Status"] == "Enabled" and key in each]
