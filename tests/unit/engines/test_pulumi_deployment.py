"""What a Pulumi stack's state says: what a teardown keeps, and what a killed run left."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mlops_infra.engines.pulumi.clouds import ids
from mlops_infra.engines.pulumi.deployment import Deployment
from mlops_infra.engines.pulumi.troubles import Owner, owners

STACK = "urn:pulumi:dev::mlops::pulumi:pulumi:Stack::mlops-dev"


def urn(name: str) -> str:
    return f"urn:pulumi:dev::mlops::some:Type::{name}"


def resource(name: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - as the state has it
    return {"urn": urn(name), "type": "some:Type", "id": name, "parent": STACK, **more}


def deployment(*resources: dict[str, Any], **more: Any) -> Deployment:  # noqa: ANN401 - likewise
    outputs = {"tracking_uri": "https://x"}
    stack = {"urn": STACK, "type": "pulumi:pulumi:Stack", "outputs": outputs}
    return Deployment(document={"deployment": {"resources": [stack, *resources], **more}})


def test_what_is_kept_keeps_all_that_it_needs_and_nothing_that_needs_it() -> None:
    provider = {"urn": urn("cloud"), "type": "pulumi:providers:gcp", "id": "7"}
    found = deployment(
        provider,
        resource("network"),
        resource("password"),
        resource("logs"),
        resource(
            "database",
            retainOnDelete=True,
            provider=f"{urn('cloud')}::7",
            dependencies=[urn("network")],
            propertyDependencies={"password": [urn("password")], "size": None},
        ),
        resource("server", dependencies=[urn("database")]),
    )
    names = ["cloud", "network", "password", "database"]
    assert found.kept == {STACK, *map(urn, names)}
    assert found.is_deployed


def test_a_stack_of_kept_things_alone_is_not_deployed() -> None:
    assert not deployment(resource("bucket", protect=True)).is_deployed
    assert not deployment().is_deployed


def test_a_settled_create_is_in_the_state_by_its_id_and_no_other_is() -> None:
    pending = [
        {"type": "creating", "resource": resource("bucket", id="")},
        {"type": "creating", "resource": resource("password", id="")},
        {"type": "updating", "resource": resource("network")},
    ]
    found = deployment(pending_operations=pending)
    assert [each.name for each in found.pending] == ["bucket", "password"]
    settled = Deployment(document=found.settled({urn("bucket"): "the-id"}))
    assert settled.pending == ()
    assert {each.urn: each.id for each in settled.resources} == {STACK: "", urn("bucket"): "the-id"}


def test_freed_data_may_be_deleted_with_what_it_holds() -> None:
    bucket = {
        **resource("bucket", retainOnDelete=True, inputs={}),
        "type": "gcp:storage/bucket:Bucket",
    }
    found = Deployment(document=deployment(bucket, resource("other")).freed())
    assert found.kept == frozenset()
    by_urn = {each["urn"]: each for each in found.document["deployment"]["resources"]}
    assert by_urn[urn("bucket")]["outputs"] == {"forceDestroy": True}
    assert "outputs" not in by_urn[urn("other")]


def test_a_secret_goes_with_its_vault_and_not_before_it() -> None:
    kept = {"retainOnDelete": True}
    secret = {**resource("password", **kept), "type": "azure-native:keyvault:Secret"}
    vault = {**resource("vault", **kept), "type": "azure-native:keyvault:Vault"}
    found = Deployment(document=deployment(secret, vault).freed())
    assert found.kept == {STACK, urn("password")}


def test_a_database_s_final_backup_is_what_its_deletion_leaves() -> None:
    wanted = {"finalBackupConfig": {"enabled": True, "retentionDays": 30}}
    found = deployment(resource("database", inputs={"settings": wanted}), resource("other"))
    assert [each.final_backup_days for each in found.resources] == [0, 30, 0]


def test_what_the_provider_will_not_delete_is_protected() -> None:
    found = deployment(resource("service", inputs={"deletionProtection": True}), resource("other"))
    assert [each.is_protected for each in found.resources] == [False, True, False]
    assert found.kept == frozenset()


@pytest.mark.parametrize(
    ("kind", "inputs", "expected"),
    [
        ("gcp:storage/bucket:Bucket", {"name": "b"}, "b"),
        ("gcp:projects/service:Service", {"service": "s", "project": "q"}, "q/s"),
        ("gcp:storage/bucket:Bucket", {}, None),
        ("gcp:secretmanager/secret:Secret", {"secretId": "s"}, "projects/p/secrets/s"),
        (
            "gcp:secretmanager/secret:Secret",
            {"secretId": "s", "project": "q"},
            "projects/q/secrets/s",
        ),
        ("gcp:monitoring/alertPolicy:AlertPolicy", {"displayName": "a"}, None),
        (
            "azure-native:storage:StorageAccount",
            {"resourceGroupName": "g", "accountName": "a"},
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a",
        ),
    ],
)
def test_the_id_of_a_lost_create_follows_from_its_name(
    kind: str, inputs: dict[str, Any], expected: str | None
) -> None:
    assert ids.id_of(kind, inputs, {"project": "p", "subscriptionId": "s"}) == expected


def test_the_holder_of_a_lock_is_read_from_pulumi_s_complaint() -> None:
    said = """error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with `pulumi cancel`.
  file:///s/.pulumi/locks/organization/mlops/dev/0a.json: created by ci@elsewhere (pid 12) at 2026-01-01T00:00:00Z"""  # noqa: E501 - Pulumi's own line
    taken = datetime(2026, 1, 1, tzinfo=UTC)
    assert owners(said) == [Owner(user="ci", host="elsewhere", pid=12, since=taken)]
