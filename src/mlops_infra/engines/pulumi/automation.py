"""Preview, up, refresh and destroy through Pulumi's Automation API, on an inline program."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pulumi import automation
from pulumi.automation import LocalWorkspace, PulumiCommand
from semver import VersionInfo

from mlops_infra.engines.pulumi import cli
from mlops_infra.engines.pulumi.deployment import name_of
from mlops_infra.engines.pulumi.drift import differences
from mlops_infra.engines.pulumi.troubles import told
from mlops_infra.model import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pulumi.automation import EngineEvent
    from pulumi.automation.events import StepEventMetadata

    from mlops_infra.engines.base import OnEvent
    from mlops_infra.engines.pulumi.workspace import Workspace
    from mlops_infra.model import Difference

BOOKKEEPING = "pulumi:pulumi:"
UNSEEN = {"same", "refresh", "read", "read-discard", "create-replacement", "delete-replaced"}
"""Steps that change nothing, and the two halves of a replacement, which is told once."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step that Pulumi would take, or takes."""

    op: str
    urn: str
    kind: str
    properties: tuple[str, ...] = ()
    """What differs; in a replacement, what forces it."""
    inputs: dict[str, Any] = field(default_factory=dict, compare=False)
    """What it would be made from; secrets are not shown."""
    is_cloud_s: bool = True
    """False for a component, which is a name for its parts."""


@dataclass
class Listener:
    """Collects an operation's steps and errors, and tells its progress."""

    on_event: OnEvent | None = None
    steps: list[Step] = field(default_factory=list)
    ended: list[StepEventMetadata] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    carried_out: int = 0
    """How many steps have changed something and succeeded."""

    def __call__(self, event: EngineEvent) -> None:
        if event.resource_pre_event:
            self._begin(event.resource_pre_event.metadata)
        elif event.res_outputs_event:
            self._end(event.res_outputs_event.metadata, failed=False)
        elif event.res_op_failed_event:
            self._end(event.res_op_failed_event.metadata, failed=True)
        elif event.diagnostic_event and event.diagnostic_event.severity == "error":
            self.errors.append(event.diagnostic_event.message.strip())

    def _begin(self, found: StepEventMetadata) -> None:
        step = _step(found)
        if step.op not in UNSEEN and not step.kind.startswith(BOOKKEEPING):
            self.steps.append(step)
            self._tell(step)

    def _end(self, found: StepEventMetadata, *, failed: bool) -> None:
        self.ended.append(found)
        if _step(found) in self.steps:
            self.carried_out += not failed
            self._tell(_step(found), done=not failed, failed=failed)

    def _tell(self, step: Step, *, done: bool = False, failed: bool = False) -> None:
        if self.on_event:
            message = f"{step.op.replace('-', ' ')} {step.kind}"
            resource = name_of(step.urn)
            self.on_event(Event(resource=resource, message=message, done=done, failed=failed))


class _Pinned(PulumiCommand):
    """The pinned program, without asking it for its version again."""

    def __init__(self, program: Path) -> None:
        self.command = str(program)
        self.version = VersionInfo.parse(cli.VERSION)


class _Selected(LocalWorkspace):
    """A workspace that selects no stack: every call names it, so a call of the program is saved."""

    def select_stack(self, stack_name: str) -> None:
        """Do nothing."""


class Automation:
    """Pulumi's operations on one workspace's stack."""

    def __init__(self, workspace: Workspace, program: Callable[[], None] | None = None) -> None:
        self._target = workspace.target
        inner = _Selected(
            work_dir=str(workspace.folder),
            program=program,
            env_vars=workspace.variables,
            pulumi_command=_Pinned(workspace.program),
        )
        self._stack = automation.Stack.select(workspace.stack, inner)

    def preview(self, plan_file: Path) -> tuple[Step, ...]:
        """Return what an `up` would do, and save it as a plan that holds `up` to it.

        Like `up` it asks the cloud how things are, so that what was changed by hand is brought
        back.
        """
        plan_file.unlink(missing_ok=True)
        return self._listen(
            None,
            lambda listener: self._stack.preview(
                plan=str(plan_file), refresh=True, on_event=listener
            ),
        )

    def up(self, plan_file: Path, on_event: OnEvent) -> None:
        """Do what a saved plan says and nothing else."""
        self._listen(
            on_event,
            lambda listener: self._stack.up(
                plan=str(plan_file), refresh=True, on_event=listener, show_secrets=False
            ),
        )

    def drift(self) -> tuple[Difference, ...]:
        """Return what a refresh would change in the state; changes nothing."""
        listener = Listener()
        self._run(lambda: self._stack.preview_refresh(on_event=listener), listener)
        return tuple(each for found in listener.ended for each in differences(found))

    def destroy(self, targets: Iterable[str], on_event: OnEvent) -> None:
        """Delete the URNs in `targets`; without any, everything."""
        chosen = sorted(targets) or None
        self._listen(
            on_event,
            lambda listener: self._stack.destroy(
                target=chosen, on_event=listener, show_secrets=False
            ),
        )

    def _listen(
        self, on_event: OnEvent | None, operate: Callable[[Listener], object]
    ) -> tuple[Step, ...]:
        listener = Listener(on_event)
        self._run(lambda: operate(listener), listener)
        return tuple(listener.steps)

    def _run(self, operate: Callable[[], object], listener: Listener) -> None:
        """Run one operation.

        Raises:
            InfraError: it failed; the errors are in the cloud's own words.
        """
        try:
            operate()
        except automation.CommandError as error:
            said = tuple(filter(_is_telling, listener.errors)) or (str(error),)
            failure = told(self._target, *said)
            if listener.on_event:
                failure.message += f"\nbefore that, {_counted(listener.carried_out)}"
            raise failure from error


def _is_telling(error: str) -> bool:
    """Return whether an error says more than that others were met before the plan was done."""
    return not error.startswith(("expected resource operations", "update failed"))


def _counted(changes: int) -> str:
    if not changes:
        return "nothing was changed"
    return f"{changes} change{'s were' if changes > 1 else ' was'} made"


def _step(found: StepEventMetadata) -> Step:
    differing = found.keys or found.diffs or list(found.detailed_diff or {})
    return Step(
        op=str(found.op.value),
        urn=found.urn,
        kind=found.type,
        properties=tuple(sorted(differing)),
        inputs=dict(found.new.inputs or {}) if found.new else {},
        is_cloud_s=bool(found.provider),  # a component has none
    )
