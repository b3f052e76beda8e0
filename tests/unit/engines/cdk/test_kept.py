"""What `--delete-data` deletes: what this environment's teardowns kept, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mlops_infra.engines.cdk import kept
from mlops_infra.engines.cdk.account import session_of
from mlops_infra.engines.cdk.stack import Stack
from mlops_infra.errors import LockedError
from mlops_infra.model import Action
from tests.unit.engines.cdk.conftest import REGION, STACK, stack_answers, there_is_no_stack

if TYPE_CHECKING:
    import boto3

    from mlops_infra.model import Event, Target

OURS = {"project": "mlops", "environment": "dev"}
OTHERS = ({"project": "mlops", "environment": "prod"}, {"project": "x", "environment": "dev"}, {})


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def make_bucket(aws: boto3.Session, name: str, tags: dict[str, str]) -> Any:  # noqa: ANN401 - boto3 has no types
    storage: Any = aws.client("s3")
    storage.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    if tags:
        storage.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tag_list(tags)})
    return storage


def make_snapshots(aws: boto3.Session, tags: dict[str, str], *names: str) -> None:
    databases: Any = aws.client("rds")
    identifier = f"of-{names[0]}"
    databases.create_db_instance(
        DBInstanceIdentifier=identifier,
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="mlflow",
        MasterUserPassword="long-enough",
    )
    for name in names:
        databases.create_db_snapshot(
            DBInstanceIdentifier=identifier, DBSnapshotIdentifier=name, Tags=tag_list(tags)
        )


def quietly(event: Event) -> None:
    del event


def names(aws: boto3.Session) -> set[str]:
    buckets = {each["Name"] for each in aws.client("s3").list_buckets()["Buckets"]}
    found = aws.client("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    return buckets | {each["DBSnapshotIdentifier"] for each in found}


def test_only_what_carries_both_tags_of_the_environment_is_deleted(
    aws: boto3.Session, target: Target
) -> None:
    make_bucket(aws, "ours", {**OURS, "owner": "anybody"})
    make_snapshots(aws, OURS, "our-snapshot")
    for number, tags in enumerate(OTHERS):
        make_bucket(aws, f"other-{number}", tags)
        make_snapshots(aws, tags, f"other-snapshot-{number}")
    before = names(aws)
    kept.delete(target, quietly)
    assert before - names(aws) == {"ours", "our-snapshot"}


def test_a_bucket_goes_with_every_version_of_what_is_in_it(
    aws: boto3.Session, target: Target
) -> None:
    storage = make_bucket(aws, "ours", OURS)
    storage.put_bucket_versioning(Bucket="ours", VersioningConfiguration={"Status": "Enabled"})
    for number in range(1001):  # a page has 1000
        storage.put_object(Bucket="ours", Key=f"artifacts/{number:04}", Body=b"")
    storage.put_object(Bucket="ours", Key="artifacts/0000", Body=b"newer")
    storage.delete_object(Bucket="ours", Key="artifacts/0001")  # leaves a marker: a version, too
    kept.delete(target, quietly)
    assert "ours" not in names(aws)


def test_snapshots_are_found_on_every_page(aws: boto3.Session, target: Target) -> None:
    make_snapshots(aws, OURS, *(f"s{number}" for number in range(110)))  # a page has 100
    kept.delete(target, quietly)
    assert names(aws) == set()


def test_without_a_stack_the_plan_of_delete_data_names_what_was_kept(
    aws: boto3.Session, target: Target
) -> None:
    make_bucket(aws, "ours", OURS)
    make_snapshots(aws, OURS, "our-snapshot")
    there_is_no_stack(target, questions=4)
    stack = Stack(session_of(target), STACK)
    assert kept.teardown_changes(target, stack, delete_data=False) == ()
    found = kept.teardown_changes(target, stack, delete_data=True)
    assert {(each.action, each.resource) for each in found} == {
        (Action.DELETE, "ours"),
        (Action.DELETE, "our-snapshot"),
    }


def test_while_a_deploy_runs_nothing_is_torn_down(aws: boto3.Session, target: Target) -> None:
    del aws
    stack_answers(target, {}, state="UPDATE_IN_PROGRESS", questions=3)
    with pytest.raises(LockedError, match="being changed by another deploy"):
        kept.teardown_changes(target, Stack(session_of(target), STACK), delete_data=False)
