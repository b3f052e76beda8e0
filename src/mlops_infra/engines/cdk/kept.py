"""What a teardown leaves: buckets and snapshots, found again by their names and their tags."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mlops_infra.engines.cdk.account import aws_of, check_account, session_of
from mlops_infra.engines.cdk.stack import is_busy
from mlops_infra.engines.progress import step
from mlops_infra.errors import InfraError
from mlops_infra.model import Action, Change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.engines.base import OnEvent
    from mlops_infra.engines.cdk.stack import Stack
    from mlops_infra.model import Target

BUCKET, DATABASE = "AWS::S3::Bucket", "AWS::RDS::DBInstance"
BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"


def teardown_changes(target: Target, stack: Stack, *, delete_data: bool) -> tuple[Change, ...]:
    """Return what a teardown would do, resource by resource, and what it would leave.

    Raises:
        LockedError: a deploy is in progress.
        PrerequisiteError: the credentials are not of the file's account.
    """
    described = stack.describe()
    check_account(target, session_of(target), described)
    state = described["StackStatus"] if described else ""
    if is_busy(state) and state != "DELETE_IN_PROGRESS":
        raise stack.locked(state)
    changes = _stack_changes(stack, delete_data=delete_data) if state else ()
    if state and not changes:  # a first deploy that never began, or was rolled back
        reason = f"is {state.lower()}, without resources"
        changes = (Change(action=Action.DELETE, resource=stack.name, reason=reason),)
    if not delete_data:
        return changes
    there = shown(changes)
    return changes + tuple(
        Change(action=Action.DELETE, resource=name, reason=f"{kind}, kept until now")
        for kind, name, _ in _kept(target)
        if name not in there
    )


def shown(changes: tuple[Change, ...]) -> set[str]:
    """Return what a plan says it deletes, by the names that AWS knows it by.

    A database's name stands for the final snapshot, too, that this teardown makes of it.
    """
    deleted = [each for each in changes if each.action is Action.DELETE]
    return {name for each in deleted for name in (each.resource, each.reason.rpartition(" ")[2])}


def _stack_changes(stack: Stack, *, delete_data: bool) -> tuple[Change, ...]:
    policies = {
        logical_id: resource.get("DeletionPolicy", "Delete")
        for logical_id, resource in stack.template().get("Resources", {}).items()
    }
    return tuple(
        _change(found, policies.get(found["LogicalResourceId"], "Delete"), delete_data=delete_data)
        for found in stack.resources()
    )


def _change(found: dict[str, Any], policy: str, *, delete_data: bool) -> Change:
    logical_id, kind = found["LogicalResourceId"], found["ResourceType"]
    physical_id = found["PhysicalResourceId"]
    if policy == "Delete" or delete_data:
        return Change(action=Action.DELETE, resource=logical_id, reason=f"{kind} {physical_id}")
    kept = f"{kind} {physical_id}"
    if policy == "Snapshot":
        kept = f"as the final snapshot of {physical_id}"
    return Change(action=Action.KEEP, resource=logical_id, reason=kept)


def unprotect(target: Target, stack: Stack) -> None:
    """Lift the deletion protection that the stack's own resources were given.

    `operations.teardown` has seen that the environment's file does not protect it any more.
    """
    databases: Any = session_of(target).client("rds")
    balancers: Any = session_of(target).client("elbv2")
    for found in stack.resources():
        physical_id = found.get("PhysicalResourceId", "")
        if physical_id and found["ResourceType"] == DATABASE:
            with suppress(databases.exceptions.DBInstanceNotFoundFault):  # deleted by hand
                databases.modify_db_instance(
                    DBInstanceIdentifier=physical_id,
                    DeletionProtection=False,
                    ApplyImmediately=True,
                )
        elif physical_id and found["ResourceType"] == BALANCER:
            _unprotect_balancer(balancers, physical_id)


def unprotect_lost(target: Target, stack: Stack, changes: tuple[Change, ...]) -> None:
    """Lift the protection of a load balancer that `changes`, which are approved, do away with.

    CloudFormation could not delete it, and would forget it. It holds no data; a database does, and
    one that is protected is left to whoever can tell that it is not needed any more.
    """
    lost = {each.resource for each in changes if each.action in {Action.DELETE, Action.REPLACE}}
    for found in stack.resources() if lost else ():
        if found["ResourceType"] == BALANCER and found["LogicalResourceId"] in lost:
            _unprotect_balancer(session_of(target).client("elbv2"), found["PhysicalResourceId"])


def _unprotect_balancer(client: Any, arn: str) -> None:  # noqa: ANN401 - boto3 has no types
    with suppress(client.exceptions.LoadBalancerNotFoundException):  # deleted by hand
        client.modify_load_balancer_attributes(
            LoadBalancerArn=arn,
            Attributes=[{"Key": "deletion_protection.enabled", "Value": "false"}],
        )


def delete(target: Target, approved: tuple[Change, ...], on_event: OnEvent) -> None:
    """Delete, for good, what teardowns of `target` have kept, as far as a plan has shown it."""
    session, names = session_of(target), shown(approved)
    for kind, name, source in _kept(target):
        if not {name, source} & names:
            continue
        with step(name, f"delete {kind}", on_event):
            if kind == "bucket":
                bucket = session.resource("s3").Bucket(name)
                _empty(bucket)
                bucket.delete()
            else:
                session.client("rds").delete_db_snapshot(DBSnapshotIdentifier=name)


def _empty(bucket: Any) -> None:  # noqa: ANN401 - boto3 has no types
    """Delete all versions in a bucket.

    Raises:
        InfraError: one may not be deleted; boto3 keeps silent about it.
    """
    while answers := bucket.object_versions.delete():
        for refused in (error for answer in answers for error in answer.get("Errors", [])):
            raise InfraError(
                f"{refused['Key']} in bucket {bucket.name} cannot be deleted: {refused['Message']}",
                hint="see who may delete it: aws s3api get-bucket-policy, get-object-retention",
            )


def _kept(target: Target) -> Iterator[tuple[str, str, str]]:
    """Yield kind, name and source of what is named and tagged as the stack names and tags it.

    A snapshot's source is its database. A tag alone is anybody's to give: to a bucket of other
    data, or a snapshot of another database.
    """
    session, name = session_of(target), target.environment.full_name
    wanted = {"project": target.environment.project, "environment": target.environment.name}
    s3, account = session.client("s3"), aws_of(target).account
    bucket = f"{name}-{account}-{session.region_name}"  # as in stacks/aws/artifacts.py, logs.py
    for each in (bucket, f"{bucket}-logs"):
        if wanted.items() <= _bucket_tags(s3, each, account).items():
            yield "bucket", each, each
    is_ours = re.compile(rf"{re.escape(name)}(-[0-9a-f]{{8}})?")  # as in stacks/aws/database.py
    pages = session.client("rds").get_paginator("describe_db_snapshots")
    for page in pages.paginate(SnapshotType="manual"):
        for snapshot in page["DBSnapshots"]:
            source = snapshot["DBInstanceIdentifier"]
            tags = {tag["Key"]: tag["Value"] for tag in snapshot.get("TagList", [])}
            if is_ours.fullmatch(source) and wanted.items() <= tags.items():
                yield "snapshot", snapshot["DBSnapshotIdentifier"], source


def _bucket_tags(s3: Any, name: str, account: str) -> dict[str, str]:  # noqa: ANN401 - boto3 has no types
    try:
        found = s3.get_bucket_tagging(Bucket=name, ExpectedBucketOwner=account)["TagSet"]
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in {"NoSuchBucket", "NoSuchTagSet"}:
            return {}
        raise
    return {tag["Key"]: tag["Value"] for tag in found}
