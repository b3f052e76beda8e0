"""Mends of CloudFormation itself: what replaces, what it imports, and what cannot be deleted."""

# ruff: noqa: SLF001 - mending means reaching in

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from mlops_infra.rehearsal.aws.innards import (
    alb,
    changesets,
    cloudformation,
    handlers,
    provisioners,
    rds,
    s3,
)
from mlops_infra.rehearsal.aws.mended.replacing import REPLACING
from mlops_infra.rehearsal.aws.mended.ways import refused

HTTP_OK = 200
IMPORTED: ContextVar[frozenset[str]] = ContextVar("names of the resources being imported")


def import_buckets_that_exist() -> None:
    """ImportExistingResources refuses, as taken, the very name of the bucket that it imports.

    Seen: a stack that kept its buckets when it was deleted, deployed again with
    `cdk deploy --import-existing-resources`: "NAME_CONFLICT_VALIDATION".
    """
    deploy = changesets._deploy_stack_async
    conflict = provisioners.s3_bucket_name_conflict

    async def deploy_knowing_imports(*words: Any, **named: Any) -> None:  # noqa: ANN401 - its own
        imported = (named.get("imports") or {}).values()
        IMPORTED.set(frozenset(name for keys in imported for name in keys.values()))
        await deploy(*words, **named)

    changesets._deploy_stack_async = deploy_knowing_imports
    provisioners.s3_bucket_name_conflict = lambda name: (
        None if name in IMPORTED.get(frozenset()) else conflict(name)
    )


def tell_what_replaces() -> None:
    """A change set says "Conditionally" for any change of a type that ministack has no table for.

    Seen: `cdk diff` of a new description "may be replaced" for each of 24 of our 39 types.
    """
    for resource_type, properties in REPLACING.items():
        provisioners._REPLACING_PROPERTIES.setdefault(resource_type, properties)


def tell_which_change_set_was_executed() -> None:
    """DescribeStacks does not say which change set was executed last.

    Seen: a deploy that finds its own still running takes it for somebody else's.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Stack.html
    """
    execute = handlers._ACTION_HANDLERS["ExecuteChangeSet"]
    describe = handlers._ACTION_HANDLERS["DescribeStacks"]

    def execute_and_note(wanted: dict[str, Any]) -> Any:  # noqa: ANN401 - ministack's response
        names = (handlers._p(wanted, "ChangeSetName"), handlers._p(wanted, "StackName"))
        change_set_id, change_set = changesets._find_change_set(*names)
        answer = execute(wanted)
        if answer[0] == HTTP_OK:
            cloudformation._stacks[change_set["StackName"]]["ChangeSetId"] = change_set_id
        return answer

    def describe_with_change_set(wanted: dict[str, Any]) -> Any:  # noqa: ANN401 - as above
        status, headers, body = describe(wanted)
        for stack in cloudformation._stacks.values():
            told = f"<StackId>{stack['StackId']}</StackId>".encode()
            noted = f"<ChangeSetId>{stack.get('ChangeSetId', '')}</ChangeSetId>".encode()
            if stack.get("ChangeSetId"):
                body = body.replace(told, told + noted)
        return status, headers, body

    handlers._ACTION_HANDLERS |= {
        "ExecuteChangeSet": execute_and_note,
        "DescribeStacks": describe_with_change_set,
    }


def refuse_deletes() -> None:
    """CloudFormation deletes what its service would not.

    Seen: `cdk destroy` of prod takes the load balancer and the database in spite of their deletion
    protection, and a bucket with objects in it.
    """

    def balancer(arn: str) -> str:
        protected = {"Key": "deletion_protection.enabled", "Value": "true"}
        if protected in alb._lb_attrs.get(arn, []):
            return f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
        return ""

    def database(identifier: str) -> str:
        if rds._instances.get(identifier, {}).get("DeletionProtection"):
            return "Cannot delete protected DB Instance, please disable deletion protection"
        return ""

    def bucket(name: str) -> str:
        if s3._buckets.get(name, {}).get("objects"):
            return f"The bucket you tried to delete is not empty: {name}"
        return ""

    for resource_type, objection in (
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", balancer),
        ("AWS::RDS::DBInstance", database),
        ("AWS::S3::Bucket", bucket),
    ):
        refused(resource_type, objection)


def skip_nothing_where_nothing_is_named() -> None:
    """ContinueUpdateRollback takes an empty list of resources to skip for one without a name.

    Seen: `cdk rollback` of a stack in UPDATE_ROLLBACK_FAILED: "Resource(s) [] cannot be skipped".
    """
    go_on = handlers._ACTION_HANDLERS["ContinueUpdateRollback"]

    def go_on_with_all(params: dict[str, Any]) -> Any:  # noqa: ANN401 - ministack's response
        is_empty = params.get("ResourcesToSkip") in ("", [""])
        kept = {key: params[key] for key in params if not (is_empty and key == "ResourcesToSkip")}
        return go_on(kept)

    handlers._ACTION_HANDLERS["ContinueUpdateRollback"] = go_on_with_all
