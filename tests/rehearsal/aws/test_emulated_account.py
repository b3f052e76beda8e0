"""The real CDK CLI lives its whole life against the emulated AWS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.rehearsal.aws.account import Account

pytestmark = pytest.mark.slow

VARIANTS = ("dev", "staging", "prod", "domain", "private")


@pytest.mark.parametrize("name", VARIANTS)
def test_every_resource_type_of_our_templates_is_known(account: Account, name: str) -> None:
    types = {
        logical_id: {"Type": resource["Type"]}
        for logical_id, resource in account.template(name)["Resources"].items()
    }
    # Answers "Unrecognized resource types: […]" where one is not.
    account.client("cloudformation").validate_template(
        TemplateBody=json.dumps({"Resources": types})
    )


def test_an_unknown_type_is_refused_before_anything_is_made(account: Account) -> None:
    template = json.dumps({"Resources": {"Odd": {"Type": "AWS::Odd::Thing"}}})
    with pytest.raises(ClientError, match=r"Unrecognized resource types: \[AWS::Odd::Thing\]"):
        account.client("cloudformation").create_stack(StackName="odd", TemplateBody=template)


def test_the_prefix_list_of_cloudfront_is_looked_up(account: Account) -> None:
    account.assembly("dev")
    context = json.loads((account.folder / "cdk.context.json").read_text())
    (found,) = (context[key] for key in context if f"region={account.aws.region}:" in key)
    lists = account.client("ec2").describe_managed_prefix_lists(
        Filters=[
            {
                "Name": "prefix-list-name",
                "Values": ["com.amazonaws.global.cloudfront.origin-facing"],
            }
        ]
    )
    assert found[0]["PrefixListId"] == lists["PrefixLists"][0]["PrefixListId"]
    assert found[0]["PrefixListId"] in json.dumps(account.template("dev"))


def test_the_whole_life_of_an_environment(account: Account) -> None:
    account.write("life", like="dev")

    account.deploy("life", "--method=prepare-change-set", "--change-set-name", "plan")
    assert account.stack("life")["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert account.resources("life") == {}
    account.deploy("life", "--method=execute-change-set", "--change-set-name", "plan")
    assert account.stack("life")["StackStatus"] == "CREATE_COMPLETE"
    assert ":changeSet/plan/" in account.stack("life")["ChangeSetId"]
    made = account.resources("life")
    assert made.keys() == account.template("life")["Resources"].keys()

    assert "There were no differences" in account.on("life", "diff", "--fail")
    assert "(no changes)" in account.deploy("life")

    account.write("life", {"artifacts": {"versioning": True}})
    assert "VersioningConfiguration" in account.on("life", "diff", "--fail", code=1)
    account.deploy("life")
    assert account.stack("life")["StackStatus"] == "UPDATE_COMPLETE"
    assert {name: made[name] for name in made} == account.resources("life")
    bucket = next(made[name] for name in made if name.startswith("ArtifactsBucket"))
    storage = account.client("s3")
    assert storage.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"

    assert "No drift detected" in account.on("life", "drift", "--fail")
    storage.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert "Artifacts/Bucket" in account.on("life", "drift", "--fail", code=1)

    storage.put_object(Bucket=bucket, Key="artifacts/model", Body=b"kept")
    database = next(made[name] for name in made if name.startswith("DatabaseInstanceA"))
    account.on("life", "destroy", "--force")
    with pytest.raises(ClientError, match="does not exist"):
        account.stack("life")
    assert storage.get_object(Bucket=bucket, Key="artifacts/model")["Body"].read() == b"kept"
    snapshots = account.client("rds").describe_db_snapshots(DBInstanceIdentifier=database)
    assert [item["SnapshotType"] for item in snapshots["DBSnapshots"]] == ["manual"]
    with pytest.raises(ClientError, match="DBInstanceNotFound"):
        account.client("rds").describe_db_instances(DBInstanceIdentifier=database)

    account.deploy("life", "--import-existing-resources")
    assert account.stack("life")["StackStatus"] == "CREATE_COMPLETE"
    assert storage.get_object(Bucket=bucket, Key="artifacts/model")["Body"].read() == b"kept"
    account.on("life", "destroy", "--force")
    snapshots = account.client("rds").describe_db_snapshots(DBInstanceIdentifier=database)
    assert len(snapshots["DBSnapshots"]) == 2


def test_dev_and_prod_live_in_one_account(account: Account) -> None:
    for name in ("dev", "prod"):
        account.deploy(name)
    shared = set(account.resources("dev").values()) & set(account.resources("prod").values())
    assert not shared
    assert "There were no differences" in account.on("prod", "diff", "--fail")
    assert "There were no differences" in account.on("dev", "diff", "--fail")


def test_a_protected_environment_is_not_destroyed(account: Account) -> None:
    account.deploy("prod")
    refused = account.on("prod", "destroy", "--force", code=None)
    assert "TerminationProtection is enabled" in refused
    assert account.stack("prod")["StackStatus"] == "CREATE_COMPLETE"


def test_unprotected_by_hand_it_still_keeps_its_database_and_load_balancer(
    account: Account,
) -> None:
    account.write("kept", like="prod")
    account.deploy("kept")
    account.client("cloudformation").update_termination_protection(
        StackName="mlops-kept", EnableTerminationProtection=False
    )
    account.on("kept", "destroy", "--force", code=None)
    stack = account.stack("kept")
    assert stack["StackStatus"] == "DELETE_FAILED"
    assert "AccessOriginBalancer" in stack["StackStatusReason"]
    assert "DatabaseInstance" in stack["StackStatusReason"]
