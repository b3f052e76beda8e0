"""Carries a plan out, exactly: the preview is made again and must be the same, then binds `up`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.engines.pulumi import locks, settling
from mlops_infra.engines.pulumi.automation import Automation
from mlops_infra.engines.pulumi.clouds import vaults
from mlops_infra.engines.pulumi.deployment import name_of
from mlops_infra.engines.pulumi.planning import Preview, preview, teardown_changes
from mlops_infra.errors import InfraError, LockedError, NotDeployedError
from mlops_infra.model import Action, Goal

if TYPE_CHECKING:
    from mlops_infra.engines.base import OnEvent
    from mlops_infra.engines.pulumi.deployment import Deployment
    from mlops_infra.engines.pulumi.workspace import Workspace
    from mlops_infra.model import Plan


def carry_out(plan: Plan, workspace: Workspace, on_event: OnEvent) -> None:
    """Do what `plan` says, after what a killed run left is settled; refuse anything else."""
    try:
        _carry_out(plan, workspace, on_event)
    except LockedError as error:  # raised before anything is changed
        locks.release(workspace, error, on_event)
        _carry_out(plan, workspace, on_event)


def _carry_out(plan: Plan, workspace: Workspace, on_event: OnEvent) -> None:
    settled = settling.settle(workspace, on_event)
    if plan.goal is Goal.TEARDOWN:
        _tear_down(plan, workspace, on_event, settled=settled)
    else:
        _deploy(plan, workspace, on_event, settled=settled)


def _deploy(
    plan: Plan, workspace: Workspace, on_event: OnEvent, *, settled: frozenset[str]
) -> None:
    found = plan.token if isinstance(plan.token, Preview) else None
    if found is None or not found.is_binding or settled:
        deployment = workspace.export()
        if deployment is None:
            workspace.make()
            deployment = _exported(workspace)
        found = preview(workspace, deployment)
        _require_shown(plan, found, settled)
    try:
        _up(found, on_event)
    except InfraError as error:
        if not vaults.is_name_taken(error):
            raise
        taken = vaults.take_back(found, on_event)
        found = preview(workspace, _exported(workspace))
        shown = {(each.action, each.resource) for each in plan.changes}
        if {
            (each.action, each.resource) for each in found.changes if each.resource not in taken
        } - shown:
            raise _stale(plan) from error
        _up(found, on_event)


def _up(found: Preview, on_event: OnEvent) -> None:
    found.images.build(on_event)
    try:
        Automation(found.workspace, found.program).up(found.workspace.plan_file, on_event)
    except InfraError as error:
        if found.images.failure:
            raise found.images.failure from error
        raise


def _require_shown(plan: Plan, found: Preview, settled: frozenset[str]) -> None:
    """Raise if there is more to do than was shown.

    What was settled may turn out to be there already, or to need less than a create.
    """
    shown = {(each.action, each.resource) for each in plan.changes}
    wanted = {(each.action, each.resource) for each in found.changes}
    free = {
        *map(name_of, settled),
        found.workspace.stack,
    }  # the latter: what is left of an unfinished deploy
    excused = {(action, name) for name in free for action in (Action.UPDATE, Action.CREATE)}
    if wanted - shown - excused or {each for each in shown - wanted if each[1] not in free}:
        raise _stale(plan)


def _stale(plan: Plan) -> InfraError:
    return InfraError(
        f"{plan.target} has changed since this plan was made; nothing more was done",
        hint=f"run the {plan.goal} again",
    )


def _tear_down(
    plan: Plan, workspace: Workspace, on_event: OnEvent, *, settled: frozenset[str]
) -> None:
    deployment = _exported(workspace)
    changes = teardown_changes(plan.target, deployment, delete_data=plan.delete_data)
    unshown = {urn for urn, each in changes.items() if each not in plan.changes}
    gone = set(plan.changes) - set(changes.values())
    if unshown - settled or (gone and not settled):
        raise _stale(plan)
    if plan.delete_data:
        workspace.replace(deployment.freed())
        Automation(workspace).destroy((), on_event)
        workspace.remove()
    else:
        going = {each.urn for each in deployment.resources} - deployment.kept
        if going:
            Automation(workspace).destroy(going, on_event)


def _exported(workspace: Workspace) -> Deployment:
    found = workspace.export()
    if found is None:
        raise NotDeployedError(f"{workspace.target} is not deployed", hint="mlops-infra deploy")
    return found
