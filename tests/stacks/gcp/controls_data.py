"""Controls 4, 5, 6, 9, 10 and 14: the data, and what keeps it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from tests.stacks.gcp.conftest import CERTIFICATE
from tests.stacks.gcp.declared import BUCKET, LOG_BUCKET, SECRET, USER, VERSION
from tests.stacks.registered import leaves

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.config.models import Environment
    from tests.stacks.gcp.declared import Declared
    from tests.stacks.registered import Registered

KEY = "gcp:kms/cryptoKey:CryptoKey"
KEY_OF_KEYS = {
    (SECRET, "crypto-kek-passphrase"),
    (VERSION, "crypto-kek-passphrase"),
}
KEY_PROPERTIES = ("kmsKeyName", "encryptionKeyName", "encryptionKey", "defaultKmsKeyName")


def control_04(declared: Declared, environment: Environment) -> Iterator[str]:
    """TLS to the database is required on both sides, and the server sees whom it talks to."""
    del environment
    mode = declared.settings.get("ipConfiguration", {}).get("sslMode")
    if mode not in {"ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"}:
        yield f"the database accepts connections without TLS: {mode}"
    mode = declared.variables.get("PGSSLMODE", "prefer")
    if mode not in {"verify-ca", "verify-full"}:
        yield f"the server would talk to anybody: PGSSLMODE is {mode}"
    if "sslmode" in declared.variables.get("MLFLOW_BACKEND_STORE_URI", ""):
        yield "the URI of the database overrides PGSSLMODE"
    path = PurePosixPath(declared.variables.get("PGSSLROOTCERT", "/nowhere"))
    mounted = {each["mountPath"]: each["name"] for each in declared.server["volumeMounts"]}
    volumes = {each["name"]: each.get("secret") for each in declared.template["volumes"]}
    source = volumes.get(mounted.get(str(path.parent), ""))
    if not source or path.name not in [each["path"] for each in source["items"]]:
        yield f"nothing is mounted at {path}"
        return
    held = [each["secretData"].strip() for each in declared.versions(source["secret"])]
    if held != [CERTIFICATE]:
        yield "what is mounted is not the database's own authority"


def control_05(declared: Declared, environment: Environment) -> Iterator[str]:
    """The bucket: closed, versioned where asked, with lifecycles."""
    for bucket in declared.all(BUCKET):
        if bucket.get("publicAccessPrevention") != "enforced":
            yield f"{bucket.name} can be made public"
        if bucket.get("uniformBucketLevelAccess") is not True:
            yield f"{bucket.name} has access control lists"
        if bucket.get("website") or bucket.get("cors"):
            yield f"{bucket.name} is served to browsers"
        if not _rules(bucket, "AbortIncompleteMultipartUpload"):
            yield f"{bucket.name} keeps unfinished uploads for ever"
    for each in declared.cloud:
        for path, value in leaves(each.inputs):
            if value in {"allUsers", "allAuthenticatedUsers"}:
                yield f"{each.name} is open to {value} ({path})"
    bucket, wanted = declared.bucket, environment.artifacts
    versioned = bucket.get("versioning", {}).get("enabled", False)
    if versioned != wanted.versioning:
        yield f"the file says versioning: {wanted.versioning}, the bucket {versioned}"
    deleted = _rules(bucket, "Delete")
    old = {"daysSinceNoncurrentTime": wanted.expire_noncurrent_days, "withState": "ARCHIVED"}
    if deleted != ([old] if wanted.versioning else []):
        yield f"deleted are {deleted}"


def control_06(declared: Declared, environment: Environment) -> Iterator[str]:
    """Google encrypts all there is; a key of one's own must be there as long as what it opens."""
    del environment
    keys = {f"CryptoKey/{each['name']}": each for each in declared.all(KEY)}
    for each in declared.cloud:
        for path, value in leaves(each.inputs):
            if not path.endswith(KEY_PROPERTIES):
                continue
            key = keys.get(value)
            if key is None:
                yield f"{each.name} ({path}) is lost with a key that is not the stack's: {value}"
            elif not key.get("rotationPeriod"):
                yield f"{key.name} never changes"
            elif each.is_retained and not key.is_retained:
                yield f"{each.name} is kept, and the key to it is deleted"


def control_09(declared: Declared, environment: Environment) -> Iterator[str]:
    """A protected database is in two zones, backed up 7 days or more, protected from deletion."""
    settings, wanted = declared.settings, environment.database
    backup = settings.get("backupConfiguration", {})
    retention = backup.get("backupRetentionSettings", {})
    if retention != {"retainedBackups": wanted.backup_days, "retentionUnit": "COUNT"}:
        yield f"the file says {wanted.backup_days} days of backups, the database {retention}"
    if not backup.get("enabled") or not backup.get("pointInTimeRecoveryEnabled"):
        yield "the database cannot be restored to a point in time"
    if backup.get("transactionLogRetentionDays") != min(wanted.backup_days, 7):
        yield f"to any second of {backup.get('transactionLogRetentionDays')} days"
    zones = "REGIONAL" if wanted.high_availability else "ZONAL"
    if settings.get("availabilityType") != zones:
        yield f"the file says high_availability: {wanted.high_availability}"
    for what, value in (
        ("the engine", declared.instance.get("deletionProtection")),
        ("Google", settings.get("deletionProtectionEnabled")),
        ("Pulumi", declared.instance.is_protected),
        ("the service", declared.service.get("deletionProtection")),
    ):
        if value is not environment.protected:
            yield f"the file says protected: {environment.protected}, {what} disagrees"
    if not environment.protected:
        return
    if settings.get("availabilityType") != "REGIONAL":
        yield "a protected database is in one zone"
    if retention.get("retainedBackups", 0) < 7:
        yield "a protected database has less than a week of backups"


def control_10(declared: Declared, environment: Environment) -> Iterator[str]:
    """Teardown keeps database and bucket, and what it kept does not block a later deploy."""
    settings, bucket = declared.settings, declared.bucket
    final = settings.get("finalBackupConfig", {})
    if not final.get("enabled") or final.get("retentionDays", 0) < 30:
        yield f"the database is not kept as a backup: {final}"
    if environment.protected and final.get("retentionDays") != 365:
        yield "the last backup of a protected database is not kept as long as can be"
    if settings.get("retainBackupsOnDelete") is not True:
        yield "backups go with the database"
    if not bucket.is_retained or bucket.get("forceDestroy"):
        yield "the bucket is not kept"
    if bucket.is_protected is not environment.protected:
        yield f"the file says protected: {environment.protected}, the bucket disagrees"
    kept = {(each.token, each.name) for each in declared.program.resources if each.is_retained}
    if missing := KEY_OF_KEYS - kept:
        yield f"what the backup's keys are encrypted with is not kept: {sorted(missing)}"
    if unneeded := kept - KEY_OF_KEYS - {(bucket.token, bucket.name), (LOG_BUCKET, "bucket")}:
        yield f"kept, and in the way of the next deploy: {sorted(unneeded)}"
    base = f"{environment.project}-{environment.name}"
    name = bucket["name"]
    if not name.startswith(f"{base}-") or len(name) > 63:
        yield f"the bucket is called {name}: the next deploy cannot find it"
    for each in (*declared.all(USER), *declared.all("gcp:sql/database:Database")):
        if each.get("deletionPolicy") != "ABANDON":
            yield f"{each.name} cannot be deleted while it owns tables: teardown stops at it"


def control_14(declared: Declared, environment: Environment) -> Iterator[str]:
    """The image's entry point migrates under a lock before it serves; backups are on."""
    del environment
    if declared.server.get("commands"):
        yield "the entry point that migrates is replaced"
    if declared.server.get("args", [""])[0] != "server":
        yield "the container does not serve"
    backup = declared.settings.get("backupConfiguration", {})
    if not backup.get("enabled") or not backup.get("pointInTimeRecoveryEnabled"):
        yield "there is no going back to the second before"
    if declared.exports.get("database_instance") != declared.instance["name"]:
        yield "the engine cannot find the database to back up before a new version"


def _rules(bucket: Registered, action: str) -> list[dict[str, Any]]:
    """Return the conditions of the bucket's lifecycle rules that do so."""
    return [
        each["condition"]
        for each in bucket.get("lifecycleRules", [])
        if each["action"]["type"] == action
    ]
