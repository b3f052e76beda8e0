"""The emulated Azure refuses what the real one does: or a rehearsal on it would prove nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mlops_infra.rehearsal.azure import PROVIDER
from mlops_infra.rehearsal.pulumi.cloud import Cloud
from mlops_infra.rehearsal.pulumi.description import CloudError
from mlops_infra.rehearsal.pulumi.lifecycle import Lifecycle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlops_infra.rehearsal.pulumi.lifecycle import Found

    Make = Callable[..., Found]

pytestmark = pytest.mark.slow

TYPES = {each.token.removeprefix("azure-native:"): each for each in PROVIDER.types}
CONFIG = {"subscriptionId": "s"}
WHERE = {"resourceGroupName": "data", "location": "westeurope"}
VAULT = {**WHERE, "vaultName": "mlops-dev", "properties": {"tenantId": "t"}}


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return Cloud(tmp_path / "cloud.db")


@pytest.fixture
def make(cloud: Cloud) -> Make:
    """Make a resource of a kind; the group `data` is there already."""

    def run(kind: str, /, **inputs: Any) -> Found:  # noqa: ANN401 - JSON
        return Lifecycle(kind=TYPES[kind], cloud=cloud, config=CONFIG).create(inputs)

    run("resources:ResourceGroup", resourceGroupName="data", location="westeurope")
    return run


def _delete(cloud: Cloud, kind: str, found: Found) -> None:
    Lifecycle(kind=TYPES[kind], cloud=cloud, config=CONFIG).delete(
        found.id, found.inputs, found.outputs
    )


def test_ids_are_those_of_the_resource_manager(make: Make) -> None:
    account = make(
        "storage:StorageAccount", **WHERE, accountName="mlopsdev", kind="StorageV2", sku={}
    )
    group = "/subscriptions/s/resourceGroups/data/providers"
    assert account.id == f"{group}/Microsoft.Storage/storageAccounts/mlopsdev"
    container = make(
        "storage:BlobContainer", resourceGroupName="data", accountName="mlopsdev", containerName="c"
    )
    assert container.id == f"{account.id}/blobServices/default/containers/c"
    assert account.outputs["type"] == "Microsoft.Storage/storageAccounts"


def test_a_group_or_parent_that_is_not_there_is_refused(make: Make) -> None:
    with pytest.raises(CloudError, match="ResourceGroupNotFound"):
        make("keyvault:Vault", **{**VAULT, "resourceGroupName": "other"})
    with pytest.raises(CloudError, match="ParentResourceNotFound"):
        make("keyvault:Secret", resourceGroupName="data", vaultName="none", secretName="s")


def test_a_deleted_vault_keeps_its_name_until_it_is_recovered(make: Make, cloud: Cloud) -> None:
    _delete(cloud, "keyvault:Vault", make("keyvault:Vault", **VAULT))
    with pytest.raises(CloudError, match="deleted state"):
        make("keyvault:Vault", **VAULT)
    recover = {**VAULT, "properties": {"tenantId": "t", "createMode": "recover"}}
    make("keyvault:Vault", **recover)
    with pytest.raises(CloudError, match="already exists"):
        make("keyvault:Vault", **recover)


def test_a_deleted_group_takes_all_it_holds_and_leaves_the_vaults_name(
    make: Make, cloud: Cloud
) -> None:
    make("keyvault:Vault", **VAULT)
    (group,) = cloud.of("azure-native:resources:ResourceGroup")
    kind = TYPES["resources:ResourceGroup"]
    Lifecycle(kind=kind, cloud=cloud, config=CONFIG).delete(group, {}, {})
    assert cloud.kinds() == {"deleted vault": 1}


def test_a_lock_keeps_a_resource_and_its_group(make: Make, cloud: Cloud) -> None:
    vault = make("keyvault:Vault", **VAULT)
    lock = make(
        "authorization:ManagementLockByScope", scope=vault.id, lockName="l", level="CanNotDelete"
    )
    with pytest.raises(CloudError, match="ScopeLocked"):
        _delete(cloud, "keyvault:Vault", vault)
    (group,) = cloud.of("azure-native:resources:ResourceGroup")
    kind = TYPES["resources:ResourceGroup"]
    with pytest.raises(CloudError, match="ScopeLocked"):
        Lifecycle(kind=kind, cloud=cloud, config=CONFIG).delete(group, {}, {})
    _delete(cloud, "authorization:ManagementLockByScope", lock)
    _delete(cloud, "keyvault:Vault", vault)


def test_names_that_all_of_azure_shares_are_given_once(make: Make) -> None:
    make("resources:ResourceGroup", resourceGroupName="other", location="westeurope")
    make("keyvault:Vault", **VAULT)
    with pytest.raises(CloudError, match="already taken"):
        make("keyvault:Vault", **{**VAULT, "resourceGroupName": "other"})


def test_what_azure_never_changes_again_is_refused(make: Make, cloud: Cloud) -> None:
    names = {**WHERE, "accountName": "mlopsprod", "kind": "StorageV2"}
    account = make("storage:StorageAccount", **names, sku={"name": "Standard_ZRS"})
    properties = {"tenantId": "t", "softDeleteRetentionInDays": 90, "enablePurgeProtection": True}
    vault = make("keyvault:Vault", **{**VAULT, "properties": properties})
    for kind, found, change, refusal in (
        (
            "storage:StorageAccount",
            account,
            {"sku": {"name": "Standard_LRS"}},
            "StorageAccountTypeConversionNotAllowed",
        ),
        (
            "keyvault:Vault",
            vault,
            {"properties": {**properties, "enablePurgeProtection": False}},
            "irreversible",
        ),
        (
            "keyvault:Vault",
            vault,
            {"properties": {**properties, "softDeleteRetentionInDays": 7}},
            "softDeleteRetentionInDays",
        ),
    ):
        lives = Lifecycle(kind=TYPES[kind], cloud=cloud, config=CONFIG)
        with pytest.raises(CloudError, match=refusal):
            lives.update(found.id, {**found.inputs, **change}, found.outputs)
