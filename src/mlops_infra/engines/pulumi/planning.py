"""What a deploy or a teardown would change, from Pulumi's own preview and state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_infra.engines.pulumi.clouds import cloud_of
from mlops_infra.engines.pulumi.deployment import LOG_BUCKET, name_of
from mlops_infra.engines.pulumi.images import Images
from mlops_infra.errors import PrerequisiteError, UsageError
from mlops_infra.model import Action, Change
from mlops_infra.project import load_stack, shipped, stacks_dir

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from mlops_infra.engines.pulumi.automation import Step
    from mlops_infra.engines.pulumi.deployment import Deployment, Resource
    from mlops_infra.engines.pulumi.workspace import Workspace
    from mlops_infra.model import Target

ACTIONS = {
    "create": Action.CREATE,
    "import": Action.CREATE,
    "update": Action.UPDATE,
    "replace": Action.REPLACE,
    "delete": Action.DELETE,
}
PROVIDERS = "pulumi:providers:"
RESTORES = {
    "azure-native:dbforpostgresql:Server": {
        *("serverName", "createMode", "sourceServerResourceId", "pointInTimeUTC"),
    },
    "gcp:sql/databaseInstance:DatabaseInstance": {"name", "restoreBackupContext"},
}
"""What a restore changes of a database, by its type: it gets a name of its own."""


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What an `up` would do.

    `is_binding`: whether the saved plan can be given to it. `is_unfinished`: whether the last one
    ended before its program did, so that there is something to do even where every resource is
    as it should be.
    """

    steps: tuple[Step, ...]
    workspace: Workspace
    images: Images
    program: Callable[[], None]
    is_binding: bool
    is_unfinished: bool

    @property
    def changes(self) -> tuple[Change, ...]:
        found = tuple(_change(step) for step in self.steps if _is_shown(step))
        if found or not self.is_unfinished:
            return found
        reason = "the last deploy did not get to its end"
        return (Change(action=Action.UPDATE, resource=self.workspace.stack, reason=reason),)


def preview(workspace: Workspace, deployment: Deployment | None) -> Preview:
    """Preview a deploy; where there is no stack yet, on a throwaway state.

    So a plan makes nothing, not even an empty stack.
    """
    from mlops_infra.engines.pulumi.automation import Automation  # Pulumi's SDK: half a second

    chosen = workspace
    if deployment is None:
        chosen = workspace.throwaway()
        chosen.make()
    images = images_of(workspace.target)
    program = program_of(workspace.target, images)
    steps = Automation(chosen, program).preview(chosen.plan_file)
    if deployment:
        _require_data(workspace.target, steps, deployment)
    return Preview(
        steps=steps,
        workspace=chosen,
        images=images,
        program=program,
        is_binding=deployment is not None,
        is_unfinished=deployment is not None and not deployment.is_deployed,
    )


def _require_data(target: Target, steps: tuple[Step, ...], deployment: Deployment) -> None:
    """Refuse to make anew what holds data: its name is taken, by the one that would be kept.

    What would leave a final backup holds data, too, and the new one would be empty. A restore that
    the file asks for is no such thing: it makes a second database beside the first.

    Raises:
        UsageError: a change asks for it.
    """
    restored = _restored(steps) if target.environment.database.restore_from else frozenset()
    for found in deployment.resources:
        step = next((each for each in steps if each.urn == found.urn), None)
        holds_data = found.is_kept or found.final_backup_days
        if not holds_data or not found.is_cloud_s or step is None:
            continue
        is_of_restored = found.urn in restored or found.needs & restored
        if step.op in {"replace", "delete"} and not is_of_restored:
            why = f" for its {', '.join(step.properties)}" if step.properties else ""
            raise UsageError(
                f"'{found.name}' would be made anew or dropped{why}, and it holds data: "
                f"{step.kind}",
                hint="undo that change; or save the data, then teardown --delete-data, then deploy",
            )


def _restored(steps: tuple[Step, ...]) -> frozenset[str]:
    """Return the URN of the database that is made anew for a restore and for nothing else."""
    return frozenset(
        each.urn
        for each in steps
        if each.op == "replace"
        and each.kind in RESTORES
        and each.properties
        and set(each.properties) <= RESTORES[each.kind]
    )


def images_of(target: Target) -> Images:
    """Return what a program tells of its images, with the cloud's login to their registry."""
    return Images(lambda host: cloud_of(target).registry_login(host))


def program_of(
    target: Target, images: Images, *, recover_vault: bool = False
) -> Callable[[], None]:
    """Return the stack's program, from the project's own folder where it has one.

    Raises:
        PrerequisiteError: the cloud's extra is not installed.
    """
    stack = load(target, "platform")
    own = {"recover_vault": True} if recover_vault else {}  # only Azure's program has that
    return lambda: stack.program(target.environment, publish=images, **own)


def load(target: Target, module: str) -> ModuleType:
    """Import one module of the cloud's stack, from the project's own folder where it has one.

    Raises:
        PrerequisiteError: the cloud's extra is not installed.
        UsageError: the project's own folder lacks it.
    """
    try:
        return load_stack(target.project_dir, target.cloud, module)
    except ModuleNotFoundError as error:
        if error.name == f"stacks.{target.cloud}.{module}":
            raise UsageError(
                f"{stacks_dir(target.project_dir)} has no {target.cloud}/{module}.py",
                hint=f"copy it from {shipped('stacks')}",
            ) from error
        raise PrerequisiteError(
            f"not installed: {error.name}", hint=f'pip install "mlops-infra[{target.cloud}]"'
        ) from error


def teardown_changes(
    target: Target, deployment: Deployment | None, *, delete_data: bool
) -> dict[str, Change]:
    """Return, by URN, what a teardown would delete, and what it would keep, with its id there.

    What a killed run was creating is among it: that is settled before anything is deleted.

    Raises:
        UsageError: data would be deleted that the cloud itself still protects.
    """
    if deployment is None:
        return {}
    found = [each for each in deployment.resources if each.is_cloud_s]
    found += [each for each in deployment.pending if not each.is_repeatable]
    kept = deployment.kept
    if delete_data:
        kept = frozenset(each.urn for each in found if each.kind == LOG_BUCKET)
    protected = [each.name for each in found if each.is_protected and each.urn not in kept]
    if protected:
        name = target.environment.name
        raise UsageError(
            f"{target} was deployed as a protected environment: {', '.join(protected)}",
            hint=f"mlops-infra deploy -e {name} --cloud {target.cloud}  lifts that; then tear down",
        )
    return {each.urn: _removal(each, is_kept=each.urn in kept) for each in reversed(found)}


def _removal(found: Resource, *, is_kept: bool) -> Change:
    """Return what a teardown does to a resource; a backup of it may be what is left."""
    if found.final_backup_days and not is_kept:
        left = f"as the final backup of {found.where}, for {found.final_backup_days} days"
        return Change(action=Action.KEEP, resource=found.name, reason=left)
    action = Action.KEEP if is_kept else Action.DELETE
    return Change(action=action, resource=found.name, reason=found.where)


def _is_shown(step: Step) -> bool:
    """Return whether a step is a person's business: components and new providers are names only."""
    if step.kind.startswith(PROVIDERS):
        return step.op in {"update", "replace"}
    return step.is_cloud_s


def _change(step: Step) -> Change:
    because = f": {', '.join(step.properties)}" if step.properties and step.op != "create" else ""
    return Change(
        action=ACTIONS.get(step.op, Action.UPDATE),
        resource=name_of(step.urn),
        reason=f"{step.kind}{because}",
    )
