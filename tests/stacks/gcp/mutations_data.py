"""Ways to break controls 4, 5, 6, 9, 10 and 14."""

from __future__ import annotations

from tests.stacks.gcp.declared import BUCKET, INSTANCE, LOG_BUCKET, SERVICE, USER, VERSION
from tests.stacks.gcp.mutations import SERVER, Mutation

KEY = "projects/other/locations/europe/keyRings/a/cryptoKeys/b"
BACKUP = "settings.backupConfiguration"

MUTATIONS = (
    Mutation(
        4,
        "the database accepts connections without TLS",
        lambda edit: edit.put(
            INSTANCE, "settings.ipConfiguration.sslMode", "ALLOW_UNENCRYPTED_AND_ENCRYPTED"
        ),
    ),
    Mutation(
        4,
        "TLS is left to Google's default",
        lambda edit: edit.drop(INSTANCE, "settings.ipConfiguration.sslMode"),
    ),
    Mutation(4, "the server prefers TLS", lambda edit: edit.variable("PGSSLMODE", "prefer")),
    Mutation(
        4, "the server does not see who answers", lambda edit: edit.variable("PGSSLMODE", "require")
    ),
    Mutation(
        4,
        "the URI overrides the mode",
        lambda edit: edit.variable("MLFLOW_BACKEND_STORE_URI", "postgresql:///x?sslmode=disable"),
    ),
    Mutation(
        4,
        "the authority's file is not where the server looks",
        lambda edit: edit.variable("PGSSLROOTCERT", "/etc/ssl/none.pem"),
    ),
    Mutation(
        4,
        "the authority is another's",
        lambda edit: edit.put(VERSION, "secretData", "a certificate", "database-authority"),
    ),
    Mutation(
        5,
        "the bucket can be made public",
        lambda edit: edit.put(BUCKET, "publicAccessPrevention", "inherited"),
    ),
    Mutation(
        5,
        "public access is left to the organisation",
        lambda edit: edit.drop(BUCKET, "publicAccessPrevention"),
    ),
    Mutation(
        5,
        "the bucket has access control lists",
        lambda edit: edit.put(BUCKET, "uniformBucketLevelAccess", value=False),
    ),
    Mutation(
        5,
        "the bucket is a website",
        lambda edit: edit.put(BUCKET, "website", {"mainPageSuffix": "index.html"}),
    ),
    Mutation(
        5,
        "everybody may read the bucket",
        lambda edit: edit.add(
            "gcp:storage/bucketIAMBinding:BucketIAMBinding", members=["allUsers"], role="r"
        ),
    ),
    Mutation(5, "unfinished uploads stay", lambda edit: edit.drop(BUCKET, "lifecycleRules.0")),
    Mutation(
        5,
        "versioning is off where the file says on",
        lambda edit: edit.put(BUCKET, "versioning.enabled", value=False),
    ),
    Mutation(
        5,
        "versioning is on where the file says off",
        lambda edit: edit.put(BUCKET, "versioning.enabled", value=True),
        "dev",
    ),
    Mutation(5, "old versions stay", lambda edit: edit.drop(BUCKET, "lifecycleRules.1")),
    Mutation(
        5,
        "live models are deleted",
        lambda edit: edit.put(BUCKET, "lifecycleRules.1.condition", {"age": 90}),
    ),
    Mutation(
        6,
        "the bucket is encrypted with another project's key",
        lambda edit: edit.put(BUCKET, "encryption", {"defaultKmsKeyName": KEY}),
    ),
    Mutation(
        6,
        "the database is encrypted with another project's key",
        lambda edit: edit.put(INSTANCE, "encryptionKeyName", KEY),
    ),
    Mutation(
        6,
        "the log is encrypted with another project's key",
        lambda edit: edit.put(LOG_BUCKET, "cmekSettings", {"kmsKeyName": KEY}),
    ),
    Mutation(
        6,
        "the key of the kept bucket is deleted",
        lambda edit: (
            edit.add("gcp:kms/cryptoKey:CryptoKey", name="own", rotationPeriod="7776000s"),
            edit.put(BUCKET, "encryption", {"defaultKmsKeyName": "CryptoKey/own"}),
        ),
    ),
    Mutation(
        6,
        "the key never changes",
        lambda edit: (
            edit.add("gcp:kms/cryptoKey:CryptoKey", name="own"),
            edit.put(SERVICE, "template.encryptionKey", "CryptoKey/own"),
        ),
    ),
    Mutation(
        9,
        "the database is in one zone",
        lambda edit: edit.put(INSTANCE, "settings.availabilityType", "ZONAL"),
    ),
    Mutation(
        9,
        "a standby that the file does not ask for",
        lambda edit: edit.put(INSTANCE, "settings.availabilityType", "REGIONAL"),
        "staging",
    ),
    Mutation(
        9,
        "there are fewer backups than the file says",
        lambda edit: edit.put(INSTANCE, f"{BACKUP}.backupRetentionSettings.retainedBackups", 7),
    ),
    Mutation(
        9,
        "backups are off",
        lambda edit: edit.put(INSTANCE, f"{BACKUP}.enabled", value=False),
    ),
    Mutation(
        9,
        "no point in time can be restored",
        lambda edit: edit.put(INSTANCE, f"{BACKUP}.pointInTimeRecoveryEnabled", value=False),
    ),
    Mutation(
        9,
        "the log goes back a day only",
        lambda edit: edit.put(INSTANCE, f"{BACKUP}.transactionLogRetentionDays", 1),
    ),
    Mutation(
        9,
        "the provider would delete the database",
        lambda edit: edit.put(INSTANCE, "deletionProtection", value=False),
    ),
    Mutation(
        9,
        "anybody may delete the database in the console",
        lambda edit: edit.put(INSTANCE, "settings.deletionProtectionEnabled", value=False),
    ),
    Mutation(
        9,
        "Pulumi would delete the database",
        lambda edit: edit.option(INSTANCE, "protect", value=False),
    ),
    Mutation(
        9,
        "dev cannot be torn down",
        lambda edit: edit.put(SERVICE, "deletionProtection", value=True),
        "dev",
    ),
    Mutation(
        10,
        "the database leaves no final backup",
        lambda edit: edit.put(INSTANCE, "settings.finalBackupConfig.enabled", value=False),
        "dev",
    ),
    Mutation(
        10,
        "the final backup is gone in a week",
        lambda edit: edit.put(INSTANCE, "settings.finalBackupConfig.retentionDays", 7),
        "dev",
    ),
    Mutation(
        10,
        "prod's final backup is gone in a month",
        lambda edit: edit.put(INSTANCE, "settings.finalBackupConfig.retentionDays", 30),
    ),
    Mutation(
        10,
        "the daily backups go with the database",
        lambda edit: edit.drop(INSTANCE, "settings.retainBackupsOnDelete"),
    ),
    Mutation(
        10,
        "the bucket goes with the stack",
        lambda edit: edit.option(BUCKET, "retainOnDelete", value=False),
    ),
    Mutation(
        10,
        "the bucket is emptied to be deleted",
        lambda edit: edit.put(BUCKET, "forceDestroy", value=True),
    ),
    Mutation(
        10,
        "prod's bucket is not protected",
        lambda edit: edit.option(BUCKET, "protect", value=False),
    ),
    Mutation(
        10,
        "the bucket's name is made by chance",
        lambda edit: (
            edit.put(BUCKET, "name", "bucket-1a2b3c4"),
            edit.variable("MLFLOW_ARTIFACTS_DESTINATION", "gs://bucket-1a2b3c4/artifacts"),
        ),
    ),
    Mutation(
        10,
        "the service is kept, and in the way",
        lambda edit: edit.option(SERVICE, "retainOnDelete", value=True),
    ),
    Mutation(
        10,
        "what the backup's keys are encrypted with goes with the stack",
        lambda edit: edit.option(
            VERSION, "retainOnDelete", value=False, name="crypto-kek-passphrase"
        ),
    ),
    Mutation(
        10,
        "teardown deletes the user, who owns all tables",
        lambda edit: edit.drop(USER, "deletionPolicy"),
    ),
    Mutation(
        14,
        "the entry point is replaced",
        lambda edit: edit.put(SERVICE, f"{SERVER}.commands", ["mlflow"]),
    ),
    Mutation(
        14,
        "the container only checks",
        lambda edit: edit.put(SERVICE, f"{SERVER}.args", ["check", "--app-name", "basic-auth"]),
    ),
    Mutation(
        14,
        "there is no backup to go back to",
        lambda edit: edit.put(INSTANCE, f"{BACKUP}.enabled", value=False),
    ),
    Mutation(
        14,
        "the engine is told of another database",
        lambda edit: edit.program.exports.update(database_instance="mlops-dev"),
    ),
)
