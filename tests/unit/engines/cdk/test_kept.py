"""What `--delete-data` deletes: what this environment's teardowns kept, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber

from mlops_infra.engines.cdk import kept
from mlops_infra.engines.cdk.account import session_of
from mlops_infra.engines.cdk.stack import Stack
from mlops_infra.errors import LockedError
from mlops_infra.model import Action
from tests.unit.engines.cdk.conftest import (
    ACCOUNT,
    REGION,
    STACK,
    stack_answers,
    stacks_client,
    there_is_no_stack,
)

if TYPE_CHECKING:
    import boto3

    from mlops_infra.model import Change, Event, Target

BUCKET = f"{STACK}-{ACCOUNT}-{REGION}"
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


def make_snapshots(
    aws: boto3.Session, tags: dict[str, str], *names: str, identifier: str = STACK
) -> None:
    databases: Any = aws.client("rds")
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


def planned(target: Target) -> tuple[Change, ...]:
    """Return the plan of `--delete-data` where there is no stack."""
    there_is_no_stack(target, questions=2)
    return kept.teardown_changes(target, Stack(session_of(target), STACK), delete_data=True)


def test_only_what_has_our_name_and_both_tags_is_shown_and_deleted(
    aws: boto3.Session, target: Target
) -> None:
    ours = {BUCKET, f"{BUCKET}-logs", "by-hand", "final", "of-a-restored-one"}
    make_bucket(aws, BUCKET, {**OURS, "owner": "anybody"})
    make_bucket(aws, f"{BUCKET}-logs", OURS)
    make_bucket(aws, "the-team-s-data", OURS)
    make_snapshots(aws, OURS, "by-hand", "final")
    make_snapshots(aws, OURS, "of-a-restored-one", identifier=f"{STACK}-0123abcd")
    make_snapshots(aws, OURS, "another-s", identifier=f"{STACK}-features")
    for number, tags in enumerate(OTHERS):
        make_snapshots(aws, tags, f"other-{number}", identifier=f"{STACK}-0000000{number}")
    before = names(aws)
    plan = planned(target)
    assert {(each.action, each.resource) for each in plan} == {
        (Action.DELETE, name) for name in ours
    }
    kept.delete(target, plan, quietly)
    assert before - names(aws) == ours


def test_a_bucket_of_our_name_without_our_tags_stays(aws: boto3.Session, target: Target) -> None:
    make_bucket(aws, BUCKET, {})
    make_bucket(aws, f"{BUCKET}-logs", OTHERS[0])
    assert planned(target) == ()


def test_what_came_after_the_plan_stays(aws: boto3.Session, target: Target) -> None:
    make_snapshots(aws, OURS, "shown")
    plan = planned(target)
    make_bucket(aws, BUCKET, OURS)
    session_of(target).client("rds").create_db_snapshot(
        DBInstanceIdentifier=STACK, DBSnapshotIdentifier="new", Tags=tag_list(OURS)
    )
    kept.delete(target, plan, quietly)
    assert names(aws) == {BUCKET, "new"}


def test_a_bucket_goes_with_every_version_of_what_is_in_it(
    aws: boto3.Session, target: Target
) -> None:
    storage = make_bucket(aws, BUCKET, OURS)
    storage.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for number in range(1001):  # a page has 1000
        storage.put_object(Bucket=BUCKET, Key=f"artifacts/{number:04}", Body=b"")
    storage.put_object(Bucket=BUCKET, Key="artifacts/0000", Body=b"newer")
    storage.delete_object(Bucket=BUCKET, Key="artifacts/0001")  # leaves a marker: a version, too
    kept.delete(target, planned(target), quietly)
    assert names(aws) == set()


def test_snapshots_are_found_on_every_page(aws: boto3.Session, target: Target) -> None:
    make_snapshots(aws, OURS, *(f"s{number}" for number in range(110)))  # a page has 100
    kept.delete(target, planned(target), quietly)
    assert names(aws) == set()


def test_without_its_stack_a_teardown_that_keeps_data_has_nothing_to_do(
    aws: boto3.Session, target: Target
) -> None:
    make_bucket(aws, BUCKET, OURS)
    there_is_no_stack(target, questions=2)
    stack = Stack(session_of(target), STACK)
    assert kept.teardown_changes(target, stack, delete_data=False) == ()


def test_while_a_deploy_runs_nothing_is_torn_down(aws: boto3.Session, target: Target) -> None:
    del aws
    stack_answers(target, {}, state="UPDATE_IN_PROGRESS", questions=1)
    with pytest.raises(LockedError, match="being changed by another deploy"):
        kept.teardown_changes(target, Stack(session_of(target), STACK), delete_data=False)


def test_a_stack_that_a_killed_first_deploy_left_empty_is_removed(
    aws: boto3.Session, target: Target
) -> None:
    del aws
    stub = Stubber(stacks_client(target))
    described = {
        "StackName": STACK,
        "StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK}/1",
        "StackStatus": "REVIEW_IN_PROGRESS",
        "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
    }
    stub.add_response("describe_stacks", {"Stacks": [described]})
    stub.add_response("get_template", {})
    stub.add_response("list_stack_resources", {"StackResourceSummaries": []})
    with stub:
        (found,) = kept.teardown_changes(
            target, Stack(session_of(target), STACK), delete_data=False
        )
    assert (found.action, found.resource) == (Action.DELETE, STACK)
