"""Breaks controls 4, 5, 6, 9, 10 and 14 on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stacks.aws.mutations import BALANCER, BUCKET, CONTAINER, DB, SECRET, TASK, Mutation

if TYPE_CHECKING:
    from tests.stacks.aws.mutations import Edit

PARAMETERS = "RDS::DBParameterGroup"
LIFECYCLE = "LifecycleConfiguration.Rules.0"


def _without(condition: str, edit: Edit, within: str = "Artifacts") -> None:
    for each in edit.named("S3::BucketPolicy", within):
        document = each["Properties"]["PolicyDocument"]
        document["Statement"] = [
            statement for statement in document["Statement"] if condition not in str(statement)
        ]


def _public(edit: Edit) -> None:
    next(edit.statements("S3::BucketPolicy", "Artifacts")).update(
        Effect="Allow", Action="s3:GetObject", Condition={}
    )


def _own_key(kind: str, path: str, edit: Edit, within: str = "") -> None:
    edit.put(kind, path, {"Fn::GetAtt": [edit.name("KMS::Key"), "Arn"]}, within)


MUTATIONS = (
    Mutation(
        4,
        "the database accepts connections in clear",
        lambda edit: edit.put(PARAMETERS, "Parameters", {"rds.force_ssl": "0"}),
    ),
    Mutation(
        4,
        "TLS is left to the database's default",
        lambda edit: edit.drop(PARAMETERS, "Parameters") or edit.put(PARAMETERS, "Parameters", {}),
    ),
    Mutation(
        4,
        "the database has AWS's own parameters",
        lambda edit: edit.put(DB, "DBParameterGroupName", "default.postgres18"),
    ),
    Mutation(4, "the server takes what it gets", lambda edit: edit.variable("PGSSLMODE", "prefer")),
    Mutation(
        4,
        "the server encrypts and asks nobody for a name",
        lambda edit: edit.variable("PGSSLMODE", "require"),
    ),
    Mutation(
        4,
        "the server trusts whom its system trusts",
        lambda edit: edit.variable("PGSSLROOTCERT", "system"),
    ),
    Mutation(
        4,
        "another authority signs for the database",
        lambda edit: edit.put(DB, "CACertificateIdentifier", "rds-ca-ecc384-g1"),
    ),
    Mutation(
        4,
        "the URI overrides what the server asks for",
        lambda edit: edit.variable(
            "MLFLOW_BACKEND_STORE_URI", "postgresql+psycopg2:///mlflow?sslmode=disable"
        ),
    ),
    Mutation(
        5,
        "the bucket can be made public",
        lambda edit: edit.drop(BUCKET, "PublicAccessBlockConfiguration", "Artifacts"),
    ),
    Mutation(
        5,
        "one of the four blocks is off",
        lambda edit: edit.put(
            BUCKET, "PublicAccessBlockConfiguration.BlockPublicPolicy", value=False, within="Logs"
        ),
    ),
    Mutation(5, "everybody may read the bucket", _public),
    Mutation(
        5, "the bucket can be reached by plain HTTP", lambda edit: _without("SecureTransport", edit)
    ),
    Mutation(
        5,
        "the log bucket can be reached by plain HTTP",
        lambda edit: _without("SecureTransport", edit, "Logs"),
    ),
    Mutation(5, "the bucket can be reached by TLS 1.0", lambda edit: _without("TlsVersion", edit)),
    Mutation(
        5,
        "objects, but not the bucket itself, are TLS only",
        lambda edit: [
            each.update(Resource=each["Resource"][1])
            for each in edit.statements("S3::BucketPolicy", "Artifacts")
        ],
    ),
    Mutation(
        5,
        "the bucket has access control lists",
        lambda edit: edit.put(
            BUCKET, "OwnershipControls.Rules.0.ObjectOwnership", "ObjectWriter", "Artifacts"
        ),
    ),
    Mutation(
        5,
        "the file asks for versions and the bucket has none",
        lambda edit: edit.drop(BUCKET, "VersioningConfiguration", "Artifacts"),
    ),
    Mutation(
        5,
        "old versions are kept for ever",
        lambda edit: edit.drop(BUCKET, f"{LIFECYCLE}.NoncurrentVersionExpiration", "Artifacts"),
    ),
    Mutation(
        5,
        "the lifecycle rule is off",
        lambda edit: edit.put(BUCKET, f"{LIFECYCLE}.Status", "Disabled", "Artifacts"),
    ),
    Mutation(
        5,
        "unfinished uploads are kept for ever",
        lambda edit: edit.drop(BUCKET, f"{LIFECYCLE}.AbortIncompleteMultipartUpload"),
    ),
    Mutation(
        5,
        "models expire",
        lambda edit: edit.put(BUCKET, f"{LIFECYCLE}.ExpirationInDays", 30, "Artifacts"),
    ),
    Mutation(
        6,
        "the database is not encrypted",
        lambda edit: edit.put(DB, "StorageEncrypted", value=False),
    ),
    Mutation(
        6,
        "the database's encryption is left to the default",
        lambda edit: edit.drop(DB, "StorageEncrypted"),
    ),
    Mutation(
        6,
        "the bucket's encryption is left to the default",
        lambda edit: edit.drop(BUCKET, "BucketEncryption", "Artifacts"),
    ),
    Mutation(
        6,
        "a secret is not encrypted with the environment's key",
        lambda edit: edit.drop(SECRET, "KmsKeyId", "Admin"),
    ),
    Mutation(6, "the server's log is not", lambda edit: edit.drop("Logs::LogGroup", "KmsKeyId")),
    Mutation(6, "nor are alarms", lambda edit: edit.drop("SNS::Topic", "KmsMasterKeyId")),
    Mutation(
        6,
        "the key never changes",
        lambda edit: edit.put("KMS::Key", "EnableKeyRotation", value=False),
    ),
    Mutation(
        6,
        "CloudWatch Logs may not use the key",
        lambda edit: edit.drop("KMS::Key", "KeyPolicy.Statement.2"),
    ),
    Mutation(
        9, "a protected database is in one zone", lambda edit: edit.put(DB, "MultiAZ", value=False)
    ),
    Mutation(
        9,
        "a protected database is backed up a day",
        lambda edit: edit.put(DB, "BackupRetentionPeriod", 1),
    ),
    Mutation(9, "nothing is said of backups", lambda edit: edit.drop(DB, "BackupRetentionPeriod")),
    Mutation(
        9,
        "a protected database can be deleted",
        lambda edit: edit.put(DB, "DeletionProtection", value=False),
    ),
    Mutation(
        9,
        "backups go with a protected database",
        lambda edit: edit.put(DB, "DeleteAutomatedBackups", value=True),
    ),
    Mutation(
        9,
        "a protected front door can be deleted",
        lambda edit: edit.put(BALANCER, "LoadBalancerAttributes", []),
    ),
    Mutation(
        9,
        "dev cannot be taken down",
        lambda edit: edit.put(DB, "DeletionProtection", value=True),
        "dev",
    ),
    Mutation(10, "the database goes without a snapshot", lambda edit: edit.policy(DB, "Delete")),
    Mutation(
        10,
        "a replaced database goes without a snapshot",
        lambda edit: edit.named(DB)[0].update(UpdateReplacePolicy="Delete"),
    ),
    Mutation(
        10,
        "the bucket goes with the stack",
        lambda edit: edit.policy(BUCKET, "Delete", "Artifacts"),
    ),
    Mutation(
        10,
        "the kept bucket's name is CloudFormation's, so nobody finds it again",
        lambda edit: edit.drop(BUCKET, "BucketName", "Artifacts"),
    ),
    Mutation(
        10,
        "the log bucket is kept under a name nobody knows",
        lambda edit: edit.drop(BUCKET, "BucketName", "Logs"),
    ),
    Mutation(
        10,
        "the bucket would be another account's, too",
        lambda edit: edit.put(BUCKET, "BucketName", "mlops-prod", "Artifacts"),
    ),
    Mutation(
        10, "snapshots have no tags", lambda edit: edit.put(DB, "CopyTagsToSnapshot", value=False)
    ),
    Mutation(
        10, "the snapshot needs a key that is deleted", lambda edit: _own_key(DB, "KmsKeyId", edit)
    ),
    Mutation(
        10,
        "the bucket needs a key that is deleted",
        lambda edit: _own_key(BUCKET, "BucketEncryption.KeyArn", edit, "Artifacts"),
    ),
    Mutation(
        14,
        "the entry point that migrates is replaced",
        lambda edit: edit.put(TASK, f"{CONTAINER}.EntryPoint", ["mlflow"]),
    ),
    Mutation(
        14,
        "the container runs something else",
        lambda edit: edit.put(TASK, f"{CONTAINER}.Command", ["db", "upgrade"]),
    ),
    Mutation(14, "there are no backups", lambda edit: edit.put(DB, "BackupRetentionPeriod", 0)),
    Mutation(
        14,
        "the engine is not told which database to snapshot",
        lambda edit: edit.body["Outputs"].pop("DatabaseIdentifier"),
    ),
)
