"""Makes what must be there before the first deploy: the state's bucket, its key, and whom CI is.

`stacks/<cloud>/bootstrap.py` declares them. It has no state of its own, for there is nowhere yet to
keep one: all is called as the file says, so the cloud itself is asked what is there. The state is a
throwaway one that claims everything is; a refresh then drops what is not.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlops_infra.engines.pulumi.clouds import ids
from mlops_infra.engines.pulumi.deployment import name_of
from mlops_infra.engines.pulumi.planning import PROVIDERS, Preview, images_of, load
from mlops_infra.engines.pulumi.workspace import Workspace
from mlops_infra.errors import InfraError, UsageError
from mlops_infra.model import Goal, Plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlops_infra.engines.base import OnEvent
    from mlops_infra.engines.pulumi.deployment import Document
    from mlops_infra.model import Target

OURS = {"azure": ("azblob://", "azurekeyvault://"), "gcp": ("gs://", "gcpkms://")}
MADE_BY_NOBODY = ("file://", "passphrase")
GRANTS = ("RoleAssignment", "IAMMember")
"""How the types end that let somebody in: they hold nothing, and follow whom they name."""
INTERNAL = "__internal"
"""The engine's own note in a provider's inputs, which its plan has and its state has not."""
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What stands in a plan for a value that only the cloud can tell."""
PROVIDER_ID = "00000000-0000-4000-8000-000000000000"
"""Of a provider in the throwaway state; the real ones are as arbitrary."""


def plan_bootstrap(target: Target) -> Plan:
    """Return what is missing of what the file's `state` and `ci` ask for, or was changed.

    Raises:
        UsageError: it names what is another cloud's, or what is there would be lost.
    """
    if not _wanted(target):
        return Plan(target=target, goal=Goal.BOOTSTRAP, changes=())
    found = _preview(target)
    _require_all(target, found)
    return Plan(target=target, goal=Goal.BOOTSTRAP, changes=found.changes, token=found)


def carry_out_bootstrap(plan: Plan, on_event: OnEvent) -> None:
    """Make what is missing. What was not in the plan is refused by Pulumi, which is held to it."""
    from mlops_infra.engines.pulumi.automation import Automation  # Pulumi's SDK: half a second

    if not isinstance(plan.token, Preview):
        raise InfraError("this plan is of another run", hint="run the bootstrap again")
    workspace = plan.token.workspace
    Automation(workspace, _program(plan.target)).up(workspace.plan_file, on_event)


def ci_variables(plan: Plan) -> dict[str, str]:
    """Return what the program says that CI signs in with, once `plan` is carried out."""
    if plan.target.environment.ci is None:
        return {}
    if plan.is_empty:  # it changes nothing, and has the program say it
        carry_out_bootstrap(plan, lambda _: None)
    found = plan.token.workspace.export() if isinstance(plan.token, Preview) else None
    if found is None:
        raise InfraError("this plan is of another run", hint="run the bootstrap again")
    return found.outputs["ci_variables"]


def _wanted(target: Target) -> bool:
    """Return whether there is anything for a cloud to make."""
    environment = target.environment
    section = environment.azure if target.cloud == "azure" else environment.gcp
    named = (section.state.url, section.state.secrets_provider) if section else ()
    elsewhere = [
        each for each in named if not each.startswith((*OURS[target.cloud], *MADE_BY_NOBODY))
    ]
    if elsewhere:
        raise UsageError(
            f"{target} keeps its state in another cloud, where this makes nothing: "
            f"{', '.join(elsewhere)}",
            hint=f"make it by hand, or use {' and '.join(OURS[target.cloud])} in the file",
        )
    is_here = any(each.startswith(OURS[target.cloud]) for each in named)
    return is_here or environment.ci is not None


def _require_all(target: Target, found: Preview) -> None:
    """Refuse to make anew or delete what holds the states of all who share it, or a key to them.

    Raises:
        UsageError: a change asks for it.
    """
    for step in found.steps:
        if step.op in {"replace", "delete"} and not step.kind.endswith(GRANTS):
            raise UsageError(
                f"'{name_of(step.urn)}' is there already, and a bootstrap would make it anew or"
                f" delete it for its {', '.join(step.properties)}: {step.kind}",
                hint=f"undo that change of {target}, or give its 'state' other names",
            )


def _program(target: Target) -> Callable[[], None]:
    stack = load(target, "bootstrap")
    return lambda: stack.program(target.environment)


def _preview(target: Target) -> Preview:
    """Preview on a state that claims that everything is there, which the preview has refreshed."""
    from mlops_infra.engines.pulumi.automation import Automation  # Pulumi's SDK: half a second

    workspace = Workspace(target).throwaway()
    workspace.make()
    program = _program(target)
    automation = Automation(workspace, program)
    automation.preview(workspace.plan_file)
    empty = workspace.export()
    if empty is None:
        raise InfraError(f"the throwaway state of {target} is gone", hint="run the bootstrap again")
    goals = json.loads(workspace.plan_file.read_text())["resourcePlans"]
    workspace.replace(_claiming(empty.document, goals))
    steps = automation.preview(workspace.plan_file)
    return Preview(
        steps=steps,
        workspace=workspace,
        images=images_of(target),
        program=program,
        is_binding=True,
        is_unfinished=False,
    )


def _claiming(document: Document, plans: dict[str, Any]) -> Document:
    """Return a state that has all that was to be made, by the ids that follow from the names."""
    goals = {urn: plan["goal"] for urn, plan in plans.items()}
    claimed = [_claimed(urn, goals) for urn in sorted(goals, key=lambda urn: _depth(urn, goals))]
    deployment = {**document["deployment"], "resources": [each for each in claimed if each]}
    return {**document, "deployment": deployment}


def _depth(urn: str, goals: dict[str, Any]) -> int:
    """Return how many have to come before: a state lists what is needed first."""
    needed = [
        *goals[urn].get("dependencies", ()),
        _provider_of(goals[urn]),
        goals[urn].get("parent"),
    ]
    return 1 + max((_depth(each, goals) for each in needed if each in goals), default=0)


def _claimed(urn: str, goals: dict[str, Any]) -> Document | None:
    goal = goals[urn]
    wanted = goal["inputDiff"].get("adds", {})
    # What is unknown yet, the refresh tells.
    inputs = {key: "" if value == UNKNOWN else value for key, value in wanted.items()}
    found: Document = {"urn": urn, "type": goal["type"], "custom": goal["custom"]}
    found |= {"parent": goal["parent"]} if goal.get("parent") else {}
    if not goal["custom"]:
        return found
    provider = _provider_of(goal)
    if goal["type"].startswith(PROVIDERS):
        found_id: str | None = PROVIDER_ID
        inputs = {key: value for key, value in inputs.items() if key != INTERNAL}
    else:
        known = goals[provider]["inputDiff"]["adds"] if provider else {}
        found_id = ids.id_of(goal["type"], inputs, known)
    if found_id is None:
        return None
    found |= {"provider": f"{provider}::{PROVIDER_ID}"} if provider else {}
    return {
        **found,
        "id": found_id,
        "inputs": inputs,
        "outputs": inputs,
        "dependencies": goal.get("dependencies", []),
        "propertyDependencies": goal.get("propertyDependencies", {}),
    }


def _provider_of(goal: Document) -> str:
    """Return the URN of the provider that something is made by; its id comes after it."""
    return goal.get("provider", "").rpartition("::")[0]
