"""What a deploy or a teardown would change, in CloudFormation's words."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from mlops_infra.engines.cdk.stack import is_busy
from mlops_infra.engines.cdk.toolkit import NO_BUILDER
from mlops_infra.model import Action, Change

if TYPE_CHECKING:
    from mlops_infra.engines.cdk.stack import Stack
    from mlops_infra.engines.cdk.toolkit import Toolkit

REMAINS = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS", "DELETE_FAILED")
"""States of a stack whose first deploy, or whose deletion, did not get through."""

HALF_WAY = ("UPDATE_ROLLBACK_FAILED", "UPDATE_FAILED")
"""States that only a rollback leads out of."""


def change_set_name(template: dict[str, Any]) -> str:
    """Return a name that says what a change set holds, so that a deploy finds its own again."""
    digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()
    return f"mlops-infra-{digest[:16]}"


def deploy_changes(stack: Stack, toolkit: Toolkit) -> tuple[Change, ...]:
    """Return what a deploy would do; leaves nothing behind in the account.

    Raises:
        LockedError: a teardown is in progress, or another deploy, of something else.
    """
    state = stack.state
    if state == "DELETE_IN_PROGRESS":
        raise stack.locked(state)
    if is_busy(state):
        if change_set_name(toolkit.template()) not in stack.change_set:
            raise stack.locked(state)
        reason = "an earlier deploy is still running"
        return (Change(action=Action.UPDATE, resource=stack.name, reason=reason),)
    if not state or state in REMAINS:
        remains = (
            Change(action=Action.REPLACE, resource=stack.name, reason=f"is {state.lower()}"),
        )
        created = (
            Change(action=Action.CREATE, resource=logical_id, reason=resource["Type"])
            for logical_id, resource in sorted(toolkit.template()["Resources"].items())
        )
        return (*(remains if state in REMAINS[:2] + REMAINS[3:] else ()), *created)
    if state in HALF_WAY:
        reason = f"is {state.lower()}: rolled back; a second deploy shows the rest"
        return (Change(action=Action.UPDATE, resource=stack.name, reason=reason),)
    name = f"mlops-infra-plan-{uuid4().hex[:16]}"
    is_protected = stack.is_protected
    toolkit.prepare(
        name,
        is_protected=is_protected,
        reverts_drift=stack.has_drifted,
        builder=NO_BUILDER,
    )
    try:
        changes = stack.changes(name)
    finally:
        stack.drop(name)
    if is_protected == toolkit.protects:
        return changes
    words = {True: "on", False: "off"}
    reason = f"termination protection: {words[is_protected]} → {words[toolkit.protects]}"
    return (Change(action=Action.UPDATE, resource=stack.name, reason=reason), *changes)
