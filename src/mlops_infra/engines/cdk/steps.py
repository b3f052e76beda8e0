"""Carries a plan out: the CDK CLI changes, CloudFormation's events tell how it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.engines.cdk import kept
from mlops_infra.engines.cdk.account import session_of
from mlops_infra.engines.cdk.builder import check_builder
from mlops_infra.engines.cdk.failures import remedy
from mlops_infra.engines.cdk.planning import (
    HALF_WAY,
    REMAINS,
    change_set_name,
    deploy_changes,
)
from mlops_infra.engines.cdk.stack import is_busy
from mlops_infra.errors import InfraError
from mlops_infra.model import Event, Goal

if TYPE_CHECKING:
    import subprocess

    from mlops_infra.engines.base import OnEvent
    from mlops_infra.engines.cdk.stack import Stack
    from mlops_infra.engines.cdk.toolkit import Toolkit
    from mlops_infra.model import Action, Change, Plan

DONE = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
"""States of a stack that the deploy which was joined has brought to where it was to be."""


def carry_out(plan: Plan, stack: Stack, toolkit: Toolkit, on_event: OnEvent) -> None:
    """Do what `plan` says, exactly; refuse if it is not what would be done any more."""
    if plan.goal is Goal.TEARDOWN:
        _tear_down(plan, stack, toolkit, on_event)
    else:
        _deploy(plan, stack, toolkit, on_event)


def _deploy(plan: Plan, stack: Stack, toolkit: Toolkit, on_event: OnEvent) -> None:
    if is_busy(stack.state):
        on_event(Event(resource=stack.name, message="wait for the deploy that is running"))
        failure = stack.follow(None, on_event)
        if failure and stack.state not in DONE:
            raise _failed(stack, failure)
        _require_nothing_left(stack, toolkit)
        return
    if stack.state in HALF_WAY:
        _run(stack, toolkit, toolkit.rollback(), on_event)
        _require_nothing_left(stack, toolkit)
        return
    check_builder(toolkit.images(), session_of(plan.target))
    if stack.state in REMAINS:
        on_event(Event(resource=stack.name, message="remove what a failed deploy left"))
        stack.protect(on=False)
        kept.unprotect(plan.target, stack)
        stack.remove_remains()
    name = change_set_name(toolkit.template())
    on_event(Event(resource=stack.name, message="publish assets and prepare the change set"))
    toolkit.prepare(name, is_protected=stack.is_protected, reverts_drift=stack.has_drifted)
    found = stack.changes(name)
    if _kinds(found) != {each for each in _kinds(plan.changes) if each[1] != stack.name}:
        stack.drop(name)
        raise _stale(plan)
    if found:
        kept.unprotect_lost(plan.target, stack, found)
        _run(stack, toolkit, toolkit.execute(name), on_event)  # and protects, or does not
    else:
        stack.drop(name)
        stack.protect(on=toolkit.protects)


def _require_nothing_left(stack: Stack, toolkit: Toolkit) -> None:
    """Raise unless the operation that was joined or rolled back has left nothing to do.

    What is left was not in the plan, so nobody has approved it.
    """
    if deploy_changes(stack, toolkit):
        raise InfraError(
            f"{stack.name} is now {stack.state.lower()}, and there is more to do than was shown",
            hint="run the deploy again: it shows the rest",
        )


def _kinds(changes: tuple[Change, ...]) -> set[tuple[Action, str]]:
    return {(each.action, each.resource) for each in changes}


def _stale(plan: Plan) -> InfraError:
    return InfraError(
        f"{plan.target} has changed since this plan was made; nothing was done",
        hint=f"run the {plan.goal} again",
    )


def _tear_down(plan: Plan, stack: Stack, toolkit: Toolkit, on_event: OnEvent) -> None:
    now = kept.teardown_changes(plan.target, stack, delete_data=plan.delete_data)
    if not _kinds(now) <= _kinds(plan.changes):  # what has gone meanwhile is no harm
        raise _stale(plan)
    if is_busy(stack.state):
        on_event(Event(resource=stack.name, message="wait for the teardown that is running"))
        stack.follow(None, on_event)
    if stack.state:
        toolkit.synth()
        stack.protect(on=False)
        kept.unprotect(plan.target, stack)
        _run(stack, toolkit, toolkit.destroy(), on_event)
    if plan.delete_data:
        kept.delete(plan.target, plan.changes, on_event)


def _run(
    stack: Stack, toolkit: Toolkit, running: subprocess.Popen[bytes], on_event: OnEvent
) -> None:
    failure = stack.follow(running, on_event)
    if running.returncode and failure:
        raise _failed(stack, failure)
    toolkit.finish(running)


def _failed(stack: Stack, failure: str) -> InfraError:
    mends = remedy(failure, region=stack.region) or "mend that"
    return InfraError(
        f"{stack.name} failed: {failure}",
        hint=f"{mends}; then run the command again: it goes on from here",
    )
