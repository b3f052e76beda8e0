"""The verbs of `local`: what is wanted is compared with what runs, and that carried out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psutil

from mlops_infra.engines import process
from mlops_infra.engines.local.home import Home
from mlops_infra.engines.local.parts import Parts
from mlops_infra.engines.local.planning import deploy_changes, differences, teardown_changes
from mlops_infra.engines.local.prerequisites import questions
from mlops_infra.engines.local.servers import processes_of, server_of
from mlops_infra.engines.local.steps import deploy, tear_down
from mlops_infra.engines.questions import findings
from mlops_infra.errors import InfraError, NotDeployedError
from mlops_infra.model import (
    Action,
    Component,
    Credentials,
    Difference,
    Finding,
    Goal,
    LogLine,
    Outputs,
    Plan,
    State,
    Status,
)
from mlops_infra.server import ADMIN_USERNAME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlops_infra.engines.base import OnEvent
    from mlops_infra.engines.local.cluster import Cluster
    from mlops_infra.engines.local.home import Deployed
    from mlops_infra.engines.local.servers import Servers
    from mlops_infra.model import Target


class LocalEngine:
    """Runs a platform as processes of this machine. Keeps nothing between calls."""

    def check(self, target: Target, *, to_apply: bool) -> Iterator[Finding]:
        """Look at packages, disk, port and the database's programs."""
        return findings(questions(target), to_apply=to_apply)

    def plan(self, target: Target, goal: Goal, *, delete_data: bool = False) -> Plan:
        """Compare what is wanted with what runs."""
        if goal is Goal.BOOTSTRAP:
            return Plan(target=target, goal=goal, changes=())  # a deploy makes all that it needs
        if goal is Goal.TEARDOWN:
            changes = teardown_changes(target, delete_data=delete_data)
        else:
            changes = deploy_changes(target)
        return Plan(target=target, goal=goal, changes=tuple(changes), delete_data=delete_data)

    def apply(self, plan: Plan, on_event: OnEvent) -> None:
        """Carry out `plan` under the environment's lock."""
        home = Home(plan.target)
        with home.lock() as lock:
            home.clear_trash()
            now = self.plan(plan.target, plan.goal, delete_data=plan.delete_data)
            if not _covers(plan, now):
                raise InfraError(
                    f"{plan.target} has changed since this plan was made; nothing was done",
                    hint=f"run the {plan.goal} again",
                )
            if plan.goal is Goal.TEARDOWN:
                tear_down(plan, on_event)
            else:
                deploy(plan.target, on_event, lock=lock)

    def ci_variables(self, plan: Plan) -> dict[str, str]:  # noqa: ARG002 - every engine's
        """Return nothing: this machine asks nobody to sign in."""
        return {}

    def outputs(self, target: Target) -> Outputs:
        """Return the addresses of the deployed server. Reads one file."""
        home = Home(target)
        deployed = _deployed(target, home)
        url = f"http://127.0.0.1:{deployed.port}"
        return Outputs(
            tracking_uri=url,
            artifact_uri=(home.path / "artifacts").as_uri(),
            health_url=f"{url}/health",
            mlflow_version=deployed.mlflow_version,
        )

    def credentials(self, target: Target) -> Credentials | None:
        """Return the administrator's login."""
        self.outputs(target)
        if target.environment.server.auth == "none":
            return None
        password = Home(target).secrets().get("MLFLOW_AUTH_ADMIN_PASSWORD", "")
        return Credentials(username=ADMIN_USERNAME, password=password)

    def status(self, target: Target) -> Status:
        """Look at the processes."""
        home = Home(target)
        if not home.exists:
            absent = tuple(
                Component(name=name, state=State.ABSENT) for name in ("server", "database")
            )
            return Status(components=absent)
        deployed = home.deployed()
        parts = Parts(target, port=deployed.port if deployed else 1)
        head = server_of(home.path)
        try:
            outputs = self.outputs(target)
        except NotDeployedError:
            outputs = None
        return Status(
            components=(
                _server_component(home.path, parts.servers, head),
                _database_component(parts.cluster),
            ),
            outputs=outputs,
            since=datetime.fromtimestamp(head.create_time(), tz=UTC) if head else None,
        )

    def drift(self, target: Target) -> tuple[Difference, ...]:
        """Look whether all that the last deploy left still runs."""
        return tuple(differences(target, _deployed(target, Home(target))))

    def logs(self, target: Target, *, follow: bool) -> Iterator[LogLine]:
        """Read the server's log file."""
        log = Home(target).path / "server.log"
        if not log.exists():
            raise NotDeployedError(
                f"{target} has no log yet",
                hint=f"mlops-infra deploy -e {target.environment.name} --cloud {target.cloud}",
            )
        follows = ["-F"] if follow else []
        for line in process.lines(["tail", "-n", "+1", *follows, str(log)]):
            yield LogLine(component="server", text=line)


def _deployed(target: Target, home: Home) -> Deployed:
    deployed = home.deployed()
    if deployed is None or deployed.running_since is None:
        raise NotDeployedError(
            f"{target} is not deployed",
            hint=f"mlops-infra deploy -e {target.environment.name} --cloud {target.cloud}",
        )
    return deployed


def _covers(approved: Plan, now: Plan) -> bool:
    """Whether all of `now` was approved. What was to be restarted may have stopped or come up."""
    allowed = {(change.action, change.resource) for change in approved.changes}
    allowed |= {(Action.START, name) for action, name in allowed if action is Action.RESTART}
    return allowed >= {(change.action, change.resource) for change in now.changes}


def _server_component(home: Path, servers: Servers, head: psutil.Process | None) -> Component:
    if head is None:
        return Component(name="server", state=State.STOPPED)
    memory = sum(_memory_mib(each) for each in processes_of(home))
    detail = f"pid {head.pid}, {memory} MiB"
    if servers.answers():
        return Component(name="server", state=State.RUNNING, detail=detail)
    return Component(name="server", state=State.STARTING, detail=f"{detail}, does not answer")


def _database_component(cluster: Cluster) -> Component:
    running = cluster.process()
    if running is None:
        state = State.STOPPED if cluster.exists else State.ABSENT
        return Component(name="database", state=state)
    return Component(name="database", state=State.RUNNING, detail=f"pid {running.pid}")


def _memory_mib(found: psutil.Process) -> int:
    """Return a process's proportional memory where the system tells it, else its resident one."""
    try:
        memory = found.memory_full_info()
    except psutil.Error:
        return 0
    return getattr(memory, "pss", memory.rss) // 2**20
