"""Breaks controls 7, 8 and 17 on purpose."""

from __future__ import annotations

from tests.stacks.azure.mutations import (
    ACCOUNT,
    APP,
    DB,
    PASSWORD,
    REGISTRY,
    ROLE,
    SECRET,
    VAULT,
    WORKSPACE,
    Mutation,
)

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
BLOBS = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
SECRETS = "4633458b-17de-408a-b874-0445c86b69e6"
PULL = "7f951dda-4ed3-460f-a680-43fe172d538d"
KEY = "7hunter2HUNTER27hunter2HUNTER27hunter2HU"

MUTATIONS = (
    Mutation(
        7,
        "the server owns the subscription",
        lambda edit: edit.allow("server", OWNER, "/subscriptions/s"),
    ),
    Mutation(
        7,
        "the server may use all of the account",
        lambda edit: edit.put(ROLE, "scope", edit.stack.account.id, "use-artifacts"),
    ),
    Mutation(
        7,
        "the server may read the vault itself",
        lambda edit: edit.allow("server", SECRETS, edit.named(SECRET, "admin")[0].id),
    ),
    Mutation(
        7,
        "the platform may read all of the vault",
        lambda edit: edit.put(ROLE, "scope", edit.named(VAULT)[0].id, "read-admin"),
    ),
    Mutation(
        7,
        "the platform may read the artifacts",
        lambda edit: edit.allow("starter", BLOBS, edit.named("storage:BlobContainer")[0].id),
    ),
    Mutation(
        7,
        "the platform may pull from the group's every registry",
        lambda edit: edit.put(ROLE, "scope", "/subscriptions/s/resourceGroups/g", "pull-image"),
    ),
    Mutation(
        7,
        "somebody else has a role",
        lambda edit: edit.add(
            ROLE,
            principalId="somebody",
            roleDefinitionId=f"/roles/{PULL}",
            scope=edit.named(REGISTRY)[0].id,
        ),
    ),
    Mutation(
        7,
        "the container may be the platform",
        lambda edit: edit.put(APP, "configuration.identitySettings.1.lifecycle", "All"),
    ),
    Mutation(
        7,
        "the container may be whom it likes",
        lambda edit: edit.drop(APP, "configuration.identitySettings"),
    ),
    Mutation(
        7,
        "the server takes the wrong identity",
        lambda edit: edit.variable("AZURE_CLIENT_ID", "somebody"),
    ),
    Mutation(
        7,
        "the account has keys",
        lambda edit: edit.put(ACCOUNT, "allowSharedKeyAccess", value=True),
    ),
    Mutation(
        7,
        "the server has a key",
        lambda edit: edit.variable("AZURE_STORAGE_ACCESS_KEY", KEY),
    ),
    Mutation(
        7,
        "the registry has a password",
        lambda edit: edit.put(REGISTRY, "adminUserEnabled", value=True),
    ),
    Mutation(
        7,
        "anybody may pull",
        lambda edit: edit.put(REGISTRY, "anonymousPullEnabled", value=True),
    ),
    Mutation(7, "the workspace has keys", lambda edit: edit.drop(WORKSPACE, "features")),
    Mutation(
        7,
        "the vault has policies",
        lambda edit: edit.put(VAULT, "properties.enableRbacAuthorization", value=False),
    ),
    Mutation(
        7,
        "somebody may read all of the vault",
        lambda edit: edit.put(VAULT, "properties.accessPolicies", [{"objectId": "somebody"}]),
    ),
    Mutation(
        7,
        "the server cannot sign in",
        lambda edit: edit.put(DB, "authConfig.passwordAuth", "Disabled"),
    ),
    Mutation(
        8,
        "a secret is in the app's configuration",
        lambda edit: edit.put(APP, "configuration.secrets.0.value", KEY),
    ),
    Mutation(
        8,
        "a secret comes from another vault",
        lambda edit: edit.put(
            APP,
            "configuration.secrets.0.keyVaultUrl",
            "https://other.vault.azure.net/secrets/database-password",
        ),
    ),
    Mutation(8, "the password is a variable", lambda edit: edit.variable("PGPASSWORD", KEY)),
    Mutation(
        8,
        "the password is in a variable of another name",
        lambda edit: edit.variable("DATABASE", f"postgresql://mlflow:{edit.stack.generated[0]}@db"),
    ),
    Mutation(
        8,
        "a secret is somebody's choice",
        lambda edit: edit.put(SECRET, "properties.value", KEY, "admin"),
    ),
    Mutation(
        8,
        "all secrets are the same",
        lambda edit: edit.put(SECRET, "properties.value", edit.stack.generated[0]),
    ),
    Mutation(
        8,
        "the database has another password",
        lambda edit: edit.put(DB, "administratorLoginPassword", KEY),
    ),
    Mutation(8, "the state holds the password in clear", lambda edit: edit.reveal(DB)),
    Mutation(8, "the state holds the secrets in clear", lambda edit: edit.reveal(SECRET)),
    Mutation(
        8,
        "the password is an output",
        lambda edit: edit.export("password", edit.stack.generated[0]),
    ),
    Mutation(8, "a secret is guessed", lambda edit: edit.put(PASSWORD, "length", 8, "admin")),
    Mutation(17, "nobody knows whose app it is", lambda edit: edit.drop(APP, "tags.owner")),
    Mutation(17, "the vault has no tags", lambda edit: edit.drop(VAULT, "tags")),
    Mutation(
        17,
        "the file's own tags are forgotten",
        lambda edit: edit.drop(ACCOUNT, "tags.cost-center"),
    ),
    Mutation(
        17,
        "the account has a name that anybody has",
        lambda edit: edit.put(ACCOUNT, "accountName", "artifacts"),
    ),
    Mutation(17, "the database is elsewhere", lambda edit: edit.put(DB, "location", "eastus")),
    Mutation(
        17,
        "the app is in another subscription",
        lambda edit: edit.add(
            APP, "/subscriptions/other/resourceGroups/g", tags=edit.stack.app["tags"]
        ),
    ),
)
