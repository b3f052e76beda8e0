"""Controls 4, 5, 6, 9, 10 and 14: the data, and what keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.config.models import Environment
    from tests.stacks.azure.declared import Stack

KEPT = {
    "storage:StorageAccount",
    "storage:BlobServiceProperties",
    "storage:BlobContainer",
    "dbforpostgresql:Server",
    "dbforpostgresql:Database",
    "dbforpostgresql:Configuration",
    "keyvault:Vault",
    "keyvault:Secret",
}
CHANGED = {"keyvault:Secret", "dbforpostgresql:Configuration", "storage:BlobServiceProperties"}
"""What a deploy may replace: settings, and secrets, of which the vault keeps every version."""
LOOSE = ("/locks/", "/roleAssignments/", "/diagnosticSettings/")
"""What lies on data without being any."""
ROOTS = "/etc/ssl/certs/ca-certificates.crt"


def control_04(stack: Stack, environment: Environment) -> Iterator[str]:
    """TLS to the database is required on both sides, and its name is checked."""
    del environment
    if stack.parameter("require_secure_transport") != "on":
        yield "the database accepts connections without TLS"
    mode = stack.variables.get("PGSSLMODE", "prefer")
    if mode != "verify-full":
        yield f"the server does not check whom it talks to: PGSSLMODE is {mode}"
    if stack.variables.get("PGSSLROOTCERT") != ROOTS:
        yield "the server has no roots to check with"
    if "sslmode" in stack.variables.get("MLFLOW_BACKEND_STORE_URI", ""):
        yield "the URI of the database overrides PGSSLMODE"


def control_05(stack: Stack, environment: Environment) -> Iterator[str]:
    """The container: closed, TLS only, deleted and overwritten files kept where asked.

    Unfinished uploads need no rule: Azure drops blocks that were never committed after a week.
    https://learn.microsoft.com/rest/api/storageservices/put-block
    """
    account, wanted = stack.account, environment.artifacts
    if account.get("allowBlobPublicAccess") is not False:
        yield "a container can be made public"
    if any(each.get("publicAccess") != "None" for each in stack.all("storage:BlobContainer")):
        yield "the container is public"
    if account.get("enableHttpsTrafficOnly") is not True:
        yield "the account can be reached by plain HTTP"
    if account.get("minimumTlsVersion") not in {"TLS1_2", "TLS1_3"}:
        yield "the account can be reached by TLS 1.1"
    if wanted.access == "proxied":
        rules = account.get("networkRuleSet", {})
        if account.get("publicNetworkAccess") != "Disabled" or rules["defaultAction"] != "Deny":
            yield "the account can be reached from outside, where only the server needs it"
    if len(stack.endpoints_of(account)) != 1:
        yield "the server has no private way to the account"
    recovery = stack.one("storage:BlobServiceProperties")
    for key in ("deleteRetentionPolicy", "containerDeleteRetentionPolicy"):
        policy = recovery.get(key, {})
        days = policy.get("days") if policy.get("enabled") else None
        if days != (wanted.expire_noncurrent_days if wanted.versioning else None):
            yield f"deleted files are kept {days} days ({key})"
    if recovery.get("isVersioningEnabled"):
        yield "old versions are kept for ever: nothing expires them"
    if stack.all("storage:ManagementPolicy"):
        yield "models expire"


def control_06(stack: Stack, environment: Environment) -> Iterator[str]:
    """Everything is encrypted at rest. Azure always does; nothing may take it elsewhere."""
    del environment
    encryption = stack.account.get("encryption", {})
    if encryption.get("services", {}).get("blob", {}).get("enabled") is not True:
        yield "artifacts are not encrypted"
    if encryption.get("keySource") != "Microsoft.Storage":
        yield "artifacts are kept, and the key to them may not be"
    if stack.database.get("dataEncryption.type", "SystemManaged") != "SystemManaged":
        yield "the database is kept, and the key to it may not be"
    outside = {each["name"] for each in stack.app.get("configuration.secrets", [])} - {
        each["secretName"] for each in stack.all("keyvault:Secret")
    }
    if outside:
        yield f"{sorted(outside)} are not in the vault"
    for each in stack.all("monitor:DiagnosticSetting"):
        if each.get("storageAccountId") or each.get("eventHubName"):
            yield f"{each.name} go elsewhere than to the workspace"


def control_09(stack: Stack, environment: Environment) -> Iterator[str]:
    """A protected database is in two zones, backed up 7 days or more, protected from deletion."""
    database, wanted = stack.database, environment.database
    days, mode = (
        database.get("backup.backupRetentionDays", 0),
        database.get("highAvailability.mode"),
    )
    if days != wanted.backup_days:
        yield f"the file says {wanted.backup_days} days of backups, the database {days}"
    if (mode == "ZoneRedundant") is not wanted.high_availability:
        yield f"the file says high_availability: {wanted.high_availability}, the database {mode}"
    for each in (database, stack.account):
        if bool(stack.locks_of(each)) is not environment.protected:
            yield f"the file says protected: {environment.protected}, the lock of {each.name} not"
        if each.is_protected is not environment.protected:
            yield f"the file says protected: {environment.protected}, Pulumi not of {each.name}"
    if stack.one("keyvault:Vault").get("properties.enablePurgeProtection") is not True:
        yield "the vault can be purged"
    if not environment.protected:
        return
    if mode != "ZoneRedundant":
        yield "a protected database is in one zone"
    if days < 7:
        yield f"a protected database can be restored to {days} days only"
    if stack.account.get("sku.name") != "Standard_ZRS":
        yield "protected artifacts are in one zone"
    for each in stack.items:
        if each.kind in KEPT - CHANGED and not each.is_protected:
            yield f"{each.name} can be replaced by a deploy"


def control_10(stack: Stack, environment: Environment) -> Iterator[str]:
    """Teardown keeps the data, and what it kept does not block a later deploy."""
    base = f"{environment.project}-{environment.name}"
    groups = {each["resourceGroupName"]: each for each in stack.all("resources:ResourceGroup")}
    if set(groups) != {base, f"{base}-data"}:
        yield f"the groups are {sorted(groups)}"
        return
    if groups[base].is_retained or not groups[f"{base}-data"].is_retained:
        yield "a teardown keeps the wrong group"
    for each in stack.items:
        is_data = each.id.startswith(f"{groups[f'{base}-data'].id}/")
        if each.kind in KEPT and not each.is_retained:
            yield f"{each.name} is deleted by a teardown"
        if each.kind in KEPT and not is_data:
            yield f"{each.name} goes with its group"
        if is_data and each.kind not in KEPT and not any(part in each.id for part in LOOSE):
            yield f"{each.name} is left behind by a teardown"
        for needed in filter(None, map(stack.at, each.needs if each.is_retained else ())):
            if not needed.is_retained and not needed.kind.startswith("random:"):
                yield f"{each.name} is kept, and needs {needed.name}, which is not"
    if stack.database.get("network.delegatedSubnetResourceId"):
        yield "the database is kept, and its network cannot be deleted then"
    vault = stack.one("keyvault:Vault")
    if vault.get("properties.enableSoftDelete") is not True:
        yield "a vault deleted by hand is gone"
    if vault.get("properties.softDeleteRetentionInDays") != (90 if environment.protected else 7):
        yield "a deleted vault's name is taken for too long, or the vault gone too soon"
    for key in ("resource_group", "data_resource_group"):
        if stack.exports.get(key) not in groups:
            yield f"an engine cannot find {key}"


def control_14(stack: Stack, environment: Environment) -> Iterator[str]:
    """The image's entry point migrates under a lock before it serves; backups are on."""
    del environment
    container = stack.app.get("template.containers.0", {})
    if container.get("command"):
        yield "the entry point that migrates is replaced"
    if container.get("args", [""])[0] != "server":
        yield "the container does not serve"
    if stack.database.get("backup.backupRetentionDays", 0) < 7:
        yield "there are no backups to go back to"
    if stack.exports.get("database_server") != stack.database["serverName"]:
        yield "an engine cannot find the database to restore"
