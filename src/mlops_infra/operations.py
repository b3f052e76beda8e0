"""What the commands do, as use cases over an engine: no printing, no prompting, no cloud.

    doctor    check
    bootstrap plan → (nothing to do?) → approve → apply
    plan      check → plan
    deploy    check → plan → (nothing to do?) → approve → apply → ask the server → outputs
    teardown  refuse if protected → plan → approve → apply
    status    engine: what runs; server: does it work

A dry run is `plan`, and consent is `approve`: no engine knows of either.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_infra.config.loader import environment_files, load_environment
from mlops_infra.config.models import Cloud
from mlops_infra.errors import InfraError, PrerequisiteError, UsageError
from mlops_infra.model import Goal, Status, Target, Verdict
from mlops_infra.probe import Probe, probe, require_healthy
from mlops_infra.server import client_variables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from mlops_infra.engines.base import Engine, OnEvent
    from mlops_infra.model import Finding, Outputs, Plan

    Approve = Callable[[Plan], None]
    """Is shown a plan that changes something, and raises where it shall not be carried out."""

MOST_AT_ONCE = 64
"""Environments that are asked at a time. They wait for clouds, not for this machine."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """How one environment is: what its cloud says, and what the server itself says."""

    target: Target
    status: Status
    probe: Probe | None = None
    """None where nothing is deployed that could be asked."""

    @property
    def word(self) -> str:
        """`healthy`, `unhealthy`, `private` or `not deployed`.

        What is private and cannot be reached from here may well be healthy.
        """
        if self.probe is None:
            return "not deployed"
        if self.problem:
            return "unhealthy"
        return "healthy" if self.probe.is_healthy else "private"

    @property
    def problem(self) -> str:
        """What is wrong: what the server answers, else the parts that are gone all the same."""
        if self.probe is None:
            return ""
        gone = (f"{each.name}: {each.state}" for each in self.status.components if each.is_down)
        is_hidden = is_private(self.target) and not self.probe.is_reached
        return ("" if is_hidden else self.probe.problem) or ", ".join(gone)


def find_target(project_dir: Path, name: str, cloud: Cloud | None = None) -> Target:
    """Return the environment `name` on `cloud`, or on the one that its file names.

    Raises:
        ConfigError: the file is wrong.
        UsageError: it has no section for that cloud.
    """
    environment = load_environment(project_dir, name, in_ci=bool(os.environ.get("CI")))
    chosen = cloud or environment.cloud
    if chosen not in environment.clouds:
        raise UsageError(
            f"environment '{name}' has no section '{chosen}'; it can go to: "
            f"{', '.join(environment.clouds)}",
            hint=f"add a section '{chosen}:' to environments/{name}.yaml",
        )
    return Target(environment=environment, cloud=chosen, project_dir=project_dir)


def find_targets(project_dir: Path, cloud: Cloud | None = None) -> list[Target]:
    """Return every environment of the project that can go to `cloud`, or each on its own."""
    names = [file.stem for file in environment_files(project_dir)]
    environments = [load_environment(project_dir, name) for name in names]
    return [
        Target(environment=each, cloud=cloud or each.cloud, project_dir=project_dir)
        for each in environments
        if (cloud or each.cloud) in each.clouds
    ]


def bootstrap(engine: Engine, target: Target, *, approve: Approve, on_event: OnEvent) -> Plan:
    """Make what must exist before `target` can be deployed, where it does not; returns what.

    Raises:
        PrerequisiteError: a tool or a login is missing.
    """
    plan = engine.plan(target, Goal.BOOTSTRAP)
    if not plan.is_empty:
        approve(plan)
        engine.apply(plan, on_event)
    return plan


def doctor(engine: Engine, target: Target) -> tuple[Finding, ...]:
    """Return all that a deploy of `target` needs, and how it is."""
    return tuple(engine.check(target, to_apply=True))


def plan(engine: Engine, target: Target) -> Plan:
    """Return what a deploy would change.

    Raises:
        PrerequisiteError: what a plan needs is missing, all of it at once.
    """
    _require(target, engine.check(target, to_apply=False))
    return engine.plan(target, Goal.DEPLOY)


def _require(target: Target, found: Iterable[Finding]) -> None:
    """Raise what is missing. What is busy is the engine's to wait for, or to refuse."""
    missing = [each for each in found if each.verdict is Verdict.MISSING]
    if not missing:
        return
    message = missing[0].detail
    if len(missing) > 1:
        lines = [f"{each.name}: {each.detail}" for each in missing]
        message = "\n  ".join([f"{target} cannot be deployed yet", *lines])
    remedies = dict.fromkeys(each.remedy for each in missing if each.remedy)
    raise PrerequisiteError(message, hint="\n       ".join(remedies))


def deploy(
    engine: Engine, target: Target, *, approve: Approve, on_event: OnEvent
) -> tuple[Outputs, Probe]:
    """Bring `target` to what its file says; return what it yields and how its server answered.

    A private one need not be reached from here.

    Raises:
        PrerequisiteError, LockedError: before anything was changed.
        UnhealthyError: it was changed, and does not work.
    """
    _require(target, engine.check(target, to_apply=True))
    plan = engine.plan(target, Goal.DEPLOY)
    if not plan.is_empty:
        approve(plan)
        engine.apply(plan, on_event)
    outputs = engine.outputs(target)
    hint = f"mlops-infra logs {flags(target)}"
    if target.environment.access.domain and target.cloud is not Cloud.LOCAL:
        hint += "; a new domain works once its DNS record and its certificate are there"
    credentials = engine.credentials(target)
    found = require_healthy(outputs, credentials, hint=hint, may_be_hidden=is_private(target))
    return outputs, found


def teardown(
    engine: Engine, target: Target, *, delete_data: bool, approve: Approve, on_event: OnEvent
) -> Plan:
    """Take `target` down, its data too if `delete_data`; returns what was done and kept.

    Raises:
        UsageError: the environment is protected.
    """
    if target.environment.protected:
        raise UsageError(
            f"{target} is protected",
            hint=f"set 'protected: false' in environments/{target.environment.name}.yaml first",
        )
    plan = engine.plan(target, Goal.TEARDOWN, delete_data=delete_data)
    if not plan.is_empty:
        approve(plan)
        engine.apply(plan, on_event)
    return plan


def report(engine: Engine, target: Target) -> Report:
    """Ask the cloud and the server how `target` is."""
    status = engine.status(target)
    if status.outputs is None:
        return Report(target=target, status=status)
    found = probe(status.outputs, engine.credentials(target))
    return Report(target=target, status=status, probe=found)


def report_all(engine_for: Callable[[Cloud], Engine], targets: Sequence[Target]) -> list[Report]:
    """Ask for all of `targets` at once; the answers come in their order."""
    with ThreadPoolExecutor(max_workers=MOST_AT_ONCE) as pool:
        return list(pool.map(lambda target: report(engine_for(target.cloud), target), targets))


def login(engine: Engine, target: Target) -> dict[str, str]:
    """Return the variables that any MLflow client needs, the password among them."""
    outputs = engine.outputs(target)
    proxied = target.environment.artifacts.access == "proxied"
    variables = client_variables(outputs.tracking_uri, proxied=proxied)
    credentials = engine.credentials(target)
    if credentials:
        variables["MLFLOW_TRACKING_USERNAME"] = credentials.username
        variables["MLFLOW_TRACKING_PASSWORD"] = credentials.password
    return variables


def is_private(target: Target) -> bool:
    """Whether the server is in a network of its own, where this machine need not be."""
    return target.environment.access.exposure == "private" and target.cloud is not Cloud.LOCAL


def flags(target: Target) -> str:
    """Return the options that name `target` on the command line."""
    name, cloud = target.environment.name, target.cloud
    return f"-e {name}" if cloud is target.environment.cloud else f"-e {name} --cloud {cloud}"


def declined() -> InfraError:
    """Return the error of a plan that a person said no to."""
    return InfraError("cancelled; nothing was changed")
