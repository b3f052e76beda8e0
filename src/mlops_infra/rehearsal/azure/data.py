"""Storage, database and vault: what is kept, and whose names all of Azure shares."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from pulumi_azure_native import dbforpostgresql, keyvault, storage

from mlops_infra.rehearsal.azure.arm import (
    DELETED_VAULT,
    recover_vault,
    require,
    resource,
    soft_delete_vault,
)
from mlops_infra.rehearsal.pulumi.description import CloudError
from mlops_infra.rehearsal.pulumi.stores import make_container

if TYPE_CHECKING:
    from mlops_infra.rehearsal.pulumi.description import Call

ACCOUNT = "Microsoft.Storage/storageAccounts/{accountName}"
SERVER = "Microsoft.DBforPostgreSQL/flexibleServers/{serverName}"
VAULT = "Microsoft.KeyVault/vaults/{vaultName}"
DISKS_GIB = {32 * 2**power for power in range(10)}


def _refuse_account(call: Call) -> None:
    if not re.fullmatch(r"[a-z0-9]{3,24}", call.inputs["accountName"]):
        raise CloudError("AccountNameInvalid: 3 to 24 lower-case letters and digits")


def _refuse_account_update(call: Call) -> None:
    """Refuse another number of zones: Azure converts that on request, not by an update."""
    old, new = call.old["sku"]["name"], call.inputs["sku"]["name"]
    if old.endswith("ZRS") != new.endswith("ZRS"):
        raise CloudError(
            f"StorageAccountTypeConversionNotAllowed: conversion from {old} to {new} is not allowed"
        )


def _refuse_recovery(call: Call) -> None:
    for key in ("deleteRetentionPolicy", "containerDeleteRetentionPolicy"):
        policy = call.inputs.get(key, {})
        if policy.get("enabled") and not 1 <= policy.get("days", 0) <= 365:
            raise CloudError(f"InvalidXmlDocument: {key} takes 1 to 365 days")


def _refuse_server(call: Call) -> None:
    inputs = call.inputs
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{1,61}[a-z0-9])", inputs["serverName"]):
        raise CloudError("InvalidServerName: 3 to 63 lower-case letters, digits and hyphens")
    if inputs["storage"]["storageSizeGB"] not in DISKS_GIB:
        raise CloudError(f"InvalidStorageSize: {inputs['storage']['storageSizeGB']} GiB")
    if not 7 <= inputs["backup"]["backupRetentionDays"] <= 35:
        raise CloudError("InvalidBackupRetentionDays: 7 to 35")
    is_burstable = inputs["sku"]["tier"] == "Burstable"
    if is_burstable and inputs["highAvailability"]["mode"] != "Disabled":
        raise CloudError("HighAvailabilityNotSupported: not for the tier Burstable")
    password = inputs["administratorLoginPassword"]
    kinds = sum(bool(re.search(kind, password)) for kind in ("[a-z]", "[A-Z]", "[0-9]", r"\W"))
    if kinds < 3 or not 8 <= len(password) <= 128:
        raise CloudError("InvalidPassword: 8 to 128 characters of three kinds")
    if inputs.get("createMode") == "PointInTimeRestore" and not call.old:
        require(call, inputs["sourceServerResourceId"], "the source server")


def _refuse_server_update(call: Call) -> None:
    if call.inputs["storage"]["storageSizeGB"] < call.old["storage"]["storageSizeGB"]:
        raise CloudError("InvalidStorageSize: a disk cannot shrink")
    if call.inputs["network"].get("delegatedSubnetResourceId"):
        raise CloudError("the connectivity method of a server cannot be changed")


def _refuse_vault(call: Call) -> None:
    name, properties = call.inputs["vaultName"], call.inputs["properties"]
    if not re.fullmatch(r"(?!.*--)[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]", name):
        raise CloudError("VaultNameNotValid: 3 to 24 letters, digits and single hyphens")
    if properties.get("enablePurgeProtection") is False:
        raise CloudError(
            'The property "enablePurgeProtection" cannot be set to false. Enabling the purge'
            " protection for a vault is an irreversible action."
        )
    if call.old:
        return
    deleted, recover = (
        call.cloud.get(DELETED_VAULT, name),
        properties.get("createMode") == "recover",
    )
    if deleted and not recover:
        raise CloudError(
            'Status=409 Code="ConflictError" Message="A vault with the same name already exists in '
            'deleted state. You need to either recover or purge existing key vault."'
        )
    if recover and not deleted:
        raise CloudError(f"SoftDeletedVaultDoesNotExist: a soft deleted vault '{name}' not found")


def _refuse_vault_update(call: Call) -> None:
    old, new = call.old["properties"], call.inputs["properties"]
    if old.get("softDeleteRetentionInDays") != new.get("softDeleteRetentionInDays"):
        raise CloudError('"softDeleteRetentionInDays" has been set already and cannot be changed')


def _make_container(call: Call) -> None:
    address = os.environ.get("BLOB_EMULATOR_HOST")
    if address:
        make_container(address, call.inputs["containerName"])


TYPES = (
    resource(
        storage.StorageAccount,
        ACCOUNT,
        computed=lambda call: {
            "primaryEndpoints": {
                "blob": f"https://{call.inputs['accountName']}.blob.core.windows.net/"
            }
        },
        refuse=_refuse_account,
        refuse_update=_refuse_account_update,
        is_named_once=True,
        replace_on=frozenset({"kind"}),
    ),
    resource(
        storage.BlobServiceProperties,
        f"{ACCOUNT}/blobServices/{{blobServicesName}}",
        refuse=_refuse_recovery,
    ),
    resource(
        storage.BlobContainer,
        f"{ACCOUNT}/blobServices/default/containers/{{containerName}}",
        after_create=_make_container,
    ),
    resource(
        dbforpostgresql.Server,
        SERVER,
        computed=lambda call: {
            "fullyQualifiedDomainName": (
                f"{call.inputs['serverName']}.postgres.database.azure.com"
            ),
            "state": "Ready",
        },
        refuse=_refuse_server,
        refuse_update=_refuse_server_update,
        write_only=frozenset({"administratorLoginPassword"}),
        replace_on=frozenset({"administratorLogin", "pointInTimeUTC", "sourceServerResourceId"}),
        is_named_once=True,
    ),
    resource(dbforpostgresql.Database, f"{SERVER}/databases/{{databaseName}}"),
    resource(dbforpostgresql.Configuration, f"{SERVER}/configurations/{{configurationName}}"),
    resource(
        keyvault.Vault,
        VAULT,
        refuse=_refuse_vault,
        refuse_update=_refuse_vault_update,
        after_create=lambda call: recover_vault(call.cloud, call.id),
        before_delete=lambda call: soft_delete_vault(call.cloud, call.id),
        is_named_once=True,
    ),
    resource(
        keyvault.Secret,
        f"{VAULT}/secrets/{{secretName}}",
        write_only=frozenset({"properties.value"}),
    ),
    resource(keyvault.Key, f"{VAULT}/keys/{{keyName}}"),
)
