"""Mends of CloudFormation itself: what replaces, what it imports, and what cannot be deleted."""

# ruff: noqa: SLF001 - mending means reaching in

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import Any

from mlops_infra.rehearsal.aws.innards import alb, changesets, handlers, provisioners, rds, s3
from mlops_infra.rehearsal.aws.mended.replacing import REPLACING
from mlops_infra.rehearsal.aws.mended.ways import refused

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


def tell_which_change_set_runs() -> None:
    """A stack does not say which change set was executed last.

    Seen: describe_stacks answers no `ChangeSetId`, so a deploy cannot tell its own from another's.
    """
    execute, describe = (
        handlers._ACTION_HANDLERS[verb] for verb in ("ExecuteChangeSet", "DescribeStacks")
    )
    executed: dict[str, str] = {}
    pattern = re.compile(r"<StackId>(?P<stack>[^<]*)</StackId>")

    def execute_and_note(params: dict[str, Any]) -> tuple[int, Any, bytes]:
        names = (changesets._p(params, key) for key in ("ChangeSetName", "StackName"))
        identifier, change_set = changesets._find_change_set(*names)
        answer = execute(params)
        if answer[0] == 200:
            executed[change_set["StackId"]] = identifier
        return answer

    def with_change_set(found: re.Match[str]) -> str:
        known = executed.get(found["stack"])
        return f"{found[0]}<ChangeSetId>{known}</ChangeSetId>" if known else found[0]

    def describe_with_change_sets(params: dict[str, Any]) -> tuple[int, Any, bytes]:
        status, headers, body = describe(params)
        return status, headers, pattern.sub(with_change_set, body.decode()).encode()

    handlers._ACTION_HANDLERS |= {
        "ExecuteChangeSet": execute_and_note,
        "DescribeStacks": describe_with_change_sets,
    }
