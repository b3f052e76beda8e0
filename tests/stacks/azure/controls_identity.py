"""Controls 7, 8 and 17: who may do what, where secrets are, whose each resource is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stacks.registered import leaves

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.config.models import Environment
    from tests.stacks.azure.declared import Stack

ALLOWED = {
    # built-in roles, https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
    ("server", "ba92f5b4-2d11-453d-a403-e96b0029c9fe"): "storage:BlobContainer",
    ("starter", "4633458b-17de-408a-b874-0445c86b69e6"): "keyvault:Secret",
    ("starter", "7f951dda-4ed3-460f-a680-43fe172d538d"): "containerregistry:Registry",
}
"""What each identity may do, and with what kind of thing alone."""

TAGGED = {
    "app:ContainerApp",
    "app:ManagedCertificate",
    "app:ManagedEnvironment",
    "containerregistry:Registry",
    "dbforpostgresql:Server",
    "keyvault:Secret",
    "keyvault:Vault",
    "managedidentity:UserAssignedIdentity",
    "monitor:ActionGroup",
    "monitor:MetricAlert",
    "network:NetworkSecurityGroup",
    "network:PrivateEndpoint",
    "network:VirtualNetwork",
    "operationalinsights:Workspace",
    "privatedns:PrivateZone",
    "privatedns:VirtualNetworkLink",
    "resources:ResourceGroup",
    "storage:StorageAccount",
}
"""Kinds that Azure has tags for; `test_schemas.py` sees to it that none is missing here."""

KEYS = ("AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_ACCESS_KEY", "AZURE_CLIENT_SECRET")
GLOBAL = {
    "storage:StorageAccount": "accountName",
    "keyvault:Vault": "vaultName",
    "containerregistry:Registry": "registryName",
    "dbforpostgresql:Server": "serverName",
}
"""Kinds whose names all of Azure shares."""


def control_07(stack: Stack, environment: Environment) -> Iterator[str]:
    """The server's identity may do only what it needs, on its own things; there are no keys."""
    del environment
    # The emulated cloud gives each identity a principal of its own; it is the id that tells whose.
    owners = {each.id: each.name for each in stack.all("managedidentity:UserAssignedIdentity")}
    principals = {stack.principals[each]: name for each, name in owners.items()}
    for each in stack.all("authorization:RoleAssignment"):
        owner = principals.get(each["principalId"])
        role = each["roleDefinitionId"].rsplit("/", 1)[1]
        wanted = ALLOWED.get((owner or "somebody else", role))
        if wanted is None:
            yield f"{owner} has the role {role}"
            continue
        scope = stack.at(each["scope"])
        if scope is None or scope.kind != wanted:
            yield f"{owner} has {role} on {each['scope']}, not on a {wanted} alone"
    settings = stack.app.get("configuration.identitySettings", [])
    lives = {owners.get(each["identity"]): each.get("lifecycle") for each in settings}
    if lives != {"server": "Main", "starter": "None"}:
        yield f"what runs in the container may take the identities {lives}"
    own = [each for each in owners if owners[each] == "server"]
    if stack.variables.get("AZURE_CLIENT_ID") != stack.clients.get(own[0] if own else ""):
        yield "the server is not told which identity is its own"
    if stack.account.get("allowSharedKeyAccess") is not False:
        yield "the account has keys"
    for each in stack.all("containerregistry:Registry"):
        if each.get("adminUserEnabled") is not False:
            yield "the registry has an administrator with a password"
        if each.get("anonymousPullEnabled") is not False:
            yield "anybody may pull"
    if stack.one("operationalinsights:Workspace").get("features.disableLocalAuth") is not True:
        yield "the workspace has keys"
    if stack.one("keyvault:Vault").get("properties.enableRbacAuthorization") is not True:
        yield "the vault has policies of its own, on all its secrets at once"
    if stack.one("keyvault:Vault").get("properties.accessPolicies"):
        yield "somebody may read all of the vault"
    if stack.database.get("authConfig.passwordAuth") != "Enabled":
        yield "the server cannot sign in to the database"
    for name in KEYS:
        if name in {*stack.variables, *stack.secret_variables}:
            yield f"the server has a key: {name}"


def control_08(stack: Stack, environment: Environment) -> Iterator[str]:
    """Secrets are generated, held in the vault, injected by reference, and nowhere in clear."""
    wanted = {"PGPASSWORD", "MLFLOW_CRYPTO_KEK_PASSPHRASE"}
    if environment.server.auth == "basic":
        wanted |= {"MLFLOW_FLASK_SERVER_SECRET_KEY", "MLFLOW_AUTH_ADMIN_PASSWORD"}
    if set(stack.secret_variables) != wanted:
        yield f"the server's secrets are {sorted(stack.secret_variables)}, not {sorted(wanted)}"
    held = {each["name"]: each for each in stack.app.get("configuration.secrets", [])}
    if len(set(stack.secret_variables.values())) != len(wanted):
        yield "two variables share a secret"
    vault = stack.one("keyvault:Vault")["vaultName"]
    for variable, name in stack.secret_variables.items():
        reference = held.get(name, {})
        if "value" in reference:
            yield f"{variable} is in the app's own configuration"
        url = f"https://{vault}.vault.azure.net/secrets/{name}"
        if reference.get("keyVaultUrl") != url or not reference.get("identity"):
            yield f"{variable} comes from {reference.get('keyVaultUrl')}"
    for each in stack.all("keyvault:Secret"):
        if each.get("properties.value") not in stack.generated:
            yield f"{each.name} is not generated"
    values = [each.get("properties.value") for each in stack.all("keyvault:Secret")]
    if len(set(values)) != len(values):
        yield "two secrets are the same"
    if stack.secret_of("PGPASSWORD") != stack.database.get("administratorLoginPassword"):
        yield "the server's password is not the database's"
    for each in stack.items:
        for path, value in leaves(each.inputs):
            is_secret = any(path == one or path.startswith(f"{one}.") for one in each.secrets)
            if not is_secret and any(secret in str(value) for secret in stack.generated):
                yield f"{each.name} has a secret in clear: {path}"
    if stack.secret_exports:
        yield f"outputs are secret: {sorted(stack.secret_exports)}"
    if any(secret in str(stack.exports) for secret in stack.generated):
        yield "an output is a secret in clear"
    for each in stack.all("random:index/randomPassword:RandomPassword"):
        if each.get("length", 0) < 32:
            yield f"{each.name} is short"


def control_17(stack: Stack, environment: Environment) -> Iterator[str]:
    """Every resource that can be is tagged; names of ours tell environments apart."""
    wanted = {
        **environment.tags,
        "project": environment.project,
        "environment": environment.name,
        "owner": environment.owner,
    }
    base = f"{environment.project}-{environment.name}"
    for each in stack.items:
        if each.kind in TAGGED and each.get("tags") != wanted:
            yield f"{each.name} has the tags {each.get('tags')}"
        if each.kind in GLOBAL and not each[GLOBAL[each.kind]].startswith(
            base.replace("-", "")[:4]
        ):
            yield f"{each.name} is called {each[GLOBAL[each.kind]]}"
    assert environment.azure is not None
    for each in stack.items:
        subscription = f"/subscriptions/{environment.azure.subscription_id}/"
        if each.id.startswith("/") and not each.id.startswith(subscription):
            yield f"{each.name} is in another subscription"
        if "location" in each.inputs and each["location"] not in {
            environment.azure.location,
            "global",
        }:
            yield f"{each.name} is in {each['location']}"
