"""Breaks controls 4, 5, 6, 9, 10 and 14 on purpose."""

from __future__ import annotations

from tests.stacks.azure.mutations import (
    ACCOUNT,
    APP,
    COLLECTED,
    CONTAINER_OF_BLOBS,
    DB,
    ENDPOINT,
    GROUP,
    IDENTITY,
    LOCK,
    PARAMETER,
    RECOVERY,
    SECRET,
    SERVER,
    VAULT,
    Mutation,
)

MUTATIONS = (
    Mutation(
        4,
        "the database takes plain connections",
        lambda edit: edit.put(PARAMETER, "value", "off", "secure"),
    ),
    Mutation(
        4, "the server takes any certificate", lambda edit: edit.variable("PGSSLMODE", "require")
    ),
    Mutation(
        4, "the server has no roots", lambda edit: edit.variable("PGSSLROOTCERT", "/tmp/roots.pem")
    ),
    Mutation(
        4,
        "the URI overrides it",
        lambda edit: edit.variable(
            "MLFLOW_BACKEND_STORE_URI", "postgresql+psycopg2:///mlflow?sslmode=disable"
        ),
    ),
    Mutation(
        5,
        "containers can be made public",
        lambda edit: edit.put(ACCOUNT, "allowBlobPublicAccess", value=True),
    ),
    Mutation(
        5,
        "the container is public",
        lambda edit: edit.put(CONTAINER_OF_BLOBS, "publicAccess", "Blob"),
    ),
    Mutation(
        5,
        "plain HTTP is allowed",
        lambda edit: edit.put(ACCOUNT, "enableHttpsTrafficOnly", value=False),
    ),
    Mutation(
        5, "TLS 1.0 is allowed", lambda edit: edit.put(ACCOUNT, "minimumTlsVersion", "TLS1_0")
    ),
    Mutation(
        5,
        "the account has a public address",
        lambda edit: edit.put(ACCOUNT, "publicNetworkAccess", "Enabled"),
    ),
    Mutation(
        5,
        "the account lets in everybody",
        lambda edit: edit.put(ACCOUNT, "networkRuleSet.defaultAction", "Allow"),
    ),
    Mutation(5, "the server has no way to it", lambda edit: edit.remove(ENDPOINT, "artifacts")),
    Mutation(
        5,
        "deleted files are gone",
        lambda edit: edit.put(RECOVERY, "deleteRetentionPolicy.enabled", value=False),
    ),
    Mutation(
        5,
        "deleted files are gone too soon",
        lambda edit: edit.put(RECOVERY, "deleteRetentionPolicy.days", 7),
    ),
    Mutation(
        5,
        "a deleted container is gone",
        lambda edit: edit.drop(RECOVERY, "containerDeleteRetentionPolicy"),
    ),
    Mutation(
        5,
        "deleted files are kept where nobody asked",
        lambda edit: edit.put(RECOVERY, "deleteRetentionPolicy", {"enabled": True, "days": 7}),
        "dev",
    ),
    Mutation(
        5,
        "old versions are kept for ever",
        lambda edit: edit.put(RECOVERY, "isVersioningEnabled", value=True),
    ),
    Mutation(5, "models expire", lambda edit: edit.add("storage:ManagementPolicy")),
    Mutation(
        6,
        "artifacts are not encrypted",
        lambda edit: edit.put(ACCOUNT, "encryption.services.blob.enabled", value=False),
    ),
    Mutation(
        6,
        "the key to the artifacts is somebody's",
        lambda edit: edit.put(ACCOUNT, "encryption.keySource", "Microsoft.Keyvault"),
    ),
    Mutation(
        6,
        "the key to the database is somebody's",
        lambda edit: edit.put(DB, "dataEncryption", {"type": "AzureKeyVault"}),
    ),
    Mutation(6, "a secret is not in the vault", lambda edit: edit.remove(SECRET, "admin")),
    Mutation(
        6,
        "logs go to a bucket",
        lambda edit: edit.put(COLLECTED, "storageAccountId", "/other"),
    ),
    Mutation(
        9,
        "the database is in one zone",
        lambda edit: edit.put(DB, "highAvailability.mode", "SameZone"),
    ),
    Mutation(
        9,
        "backups are kept for a week",
        lambda edit: edit.put(DB, "backup.backupRetentionDays", 7),
    ),
    Mutation(9, "nothing keeps the data from deletion", lambda edit: edit.remove(LOCK)),
    Mutation(9, "the database alone is locked", lambda edit: edit.remove(LOCK, "artifacts")),
    Mutation(
        9,
        "what is not protected cannot be deleted",
        lambda edit: edit.add(LOCK, scope=edit.stack.database.id, level="CanNotDelete"),
        "dev",
    ),
    Mutation(
        9,
        "a lock allows deletion",
        lambda edit: edit.put(LOCK, "level", "NotSpecified"),
    ),
    Mutation(
        9,
        "a deploy may replace the database",
        lambda edit: edit.protect(DB, is_protected=False),
    ),
    Mutation(
        9,
        "a deploy may replace the container",
        lambda edit: edit.protect(CONTAINER_OF_BLOBS, is_protected=False),
    ),
    Mutation(
        9,
        "the vault can be purged",
        lambda edit: edit.drop(VAULT, "properties.enablePurgeProtection"),
    ),
    Mutation(
        9,
        "artifacts are in one zone",
        lambda edit: edit.put(ACCOUNT, "sku.name", "Standard_LRS"),
    ),
    Mutation(
        10,
        "a teardown deletes the database",
        lambda edit: edit.retain(DB, is_retained=False),
    ),
    Mutation(
        10,
        "a teardown deletes the artifacts",
        lambda edit: edit.retain(CONTAINER_OF_BLOBS, is_retained=False),
    ),
    Mutation(
        10,
        "a teardown deletes the data's group",
        lambda edit: edit.retain(GROUP, is_retained=False, name="data"),
    ),
    Mutation(
        10,
        "a teardown leaves the other group",
        lambda edit: edit.retain(GROUP, is_retained=True, name="compute"),
    ),
    Mutation(10, "the database goes with the network", lambda edit: edit.move(DB, "mlops-prod")),
    Mutation(
        10,
        "a teardown leaves an endpoint behind",
        lambda edit: edit.move(ENDPOINT, "mlops-prod-data"),
    ),
    Mutation(
        10,
        "the kept database holds on to the network",
        lambda edit: edit.put(DB, "network.delegatedSubnetResourceId", "/subnet"),
    ),
    Mutation(
        10,
        "the kept vault needs an identity",
        lambda edit: edit.named(VAULT)[0].needs.add(edit.named(IDENTITY, "starter")[0].id),
    ),
    Mutation(
        10,
        "a deleted vault is gone",
        lambda edit: edit.put(VAULT, "properties.enableSoftDelete", value=False),
    ),
    Mutation(
        10,
        "a deleted vault's name is taken for three months",
        lambda edit: edit.put(VAULT, "properties.softDeleteRetentionInDays", 90),
        "dev",
    ),
    Mutation(
        10,
        "an engine looks into the wrong group",
        lambda edit: edit.export("data_resource_group", "other"),
    ),
    Mutation(
        10,
        "the group has a name of Azure's",
        lambda edit: edit.put(GROUP, "resourceGroupName", "data1a2b3c", "data"),
    ),
    Mutation(
        14,
        "the entry point is replaced",
        lambda edit: edit.put(APP, f"{SERVER}.command", ["mlflow"]),
    ),
    Mutation(
        14, "the container only checks", lambda edit: edit.put(APP, f"{SERVER}.args", ["check"])
    ),
    Mutation(14, "there are no backups", lambda edit: edit.drop(DB, "backup")),
    Mutation(
        14,
        "an engine cannot find the database",
        lambda edit: edit.export("database_server", "other"),
    ),
)
