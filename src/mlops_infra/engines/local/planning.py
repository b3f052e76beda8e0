"""What differs between what is wanted and what runs. Changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.engines.local import ports
from mlops_infra.engines.local.home import Home
from mlops_infra.engines.local.parts import Parts
from mlops_infra.engines.local.servers import installed_mlflow, server_of
from mlops_infra.model import DELETED, Action, Change, Difference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.engines.local.cluster import Cluster
    from mlops_infra.engines.local.home import Deployed
    from mlops_infra.model import Target


def deploy_changes(target: Target) -> Iterator[Change]:
    parts = Parts(target)
    deployed = parts.home.deployed()
    yield from _database_changes(parts.cluster)
    yield from _server_changes(parts, deployed)


def _database_changes(cluster: Cluster) -> Iterator[Change]:
    if not cluster.exists:
        yield Change(action=Action.CREATE, resource="database", reason="there is none yet")
    elif cluster.process() is None:
        yield Change(action=Action.START, resource="database", reason="is stopped")
    elif not cluster.answers():
        yield Change(action=Action.RESTART, resource="database", reason="does not answer")
    elif stale := cluster.stale_settings():
        yield Change(action=Action.RESTART, resource="database", reason=stale)


def _server_changes(parts: Parts, deployed: Deployed | None) -> Iterator[Change]:
    def change(action: Action, reason: str) -> Change:
        return Change(action=action, resource="server", reason=reason)

    url = parts.platform.tracking.url
    healthy_at = deployed.running_since if deployed else None
    if server_of(parts.home.path) is None:
        if deployed is None or not deployed.mlflow_version:
            yield change(Action.CREATE, f"MLflow {installed_mlflow()} at {url}")
        else:
            yield change(Action.START, f"{_version_step(deployed)}at {url}{_move(parts, deployed)}")
    elif not parts.cluster.exists:
        yield change(Action.RESTART, "its data is gone")
    elif trouble := parts.servers.trouble(healthy_at=healthy_at):
        yield change(Action.RESTART, f"{_version_step(deployed)}{trouble}")
    elif not parts.servers.answers():
        yield change(Action.START, "is still starting")
    elif not (deployed and healthy_at) or deployed.mlflow_version != installed_mlflow():
        yield change(Action.START, "the last deploy did not finish")


def _move(parts: Parts, deployed: Deployed) -> str:
    """Say that the address changes and why, where it does."""
    if deployed.port == parts.platform.tracking.spec.port:
        return ""
    if ports.is_free(deployed.port):
        return f", no longer {deployed.port}"
    return f": port {deployed.port} is in use by {ports.holder(deployed.port)}"


def _version_step(deployed: Deployed | None) -> str:
    """Say that the database will be migrated, where it will be."""
    before = deployed.mlflow_version if deployed else ""
    if before in {"", installed_mlflow()}:
        return ""
    return f"MLflow {before} → {installed_mlflow()}, the database is backed up and migrated; "


def differences(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Yield what no longer runs as `deployed` left it; what the file says by now is no matter."""
    parts = Parts(target, port=deployed.port)
    if not parts.cluster.exists:
        yield Difference(resource="database", what=DELETED)
    elif parts.cluster.process() is None:
        yield _ails("database", "stopped")
    elif not parts.cluster.answers():
        yield _ails("database", "does not answer")
    if server_of(parts.home.path) is None:
        yield _ails("server", "stopped")
    elif illness := parts.servers.illness(healthy_at=deployed.running_since):
        yield _ails("server", illness)


def _ails(resource: str, actual: str) -> Difference:
    return Difference(resource=resource, what="state", expected="running", actual=actual)


def teardown_changes(target: Target, *, delete_data: bool) -> Iterator[Change]:
    home = Home(target)
    if home.has_trash:
        reason = "the rest of what was deleted before"
        yield Change(action=Action.DELETE, resource="trash", reason=reason)
    parts = Parts(target, port=1)
    if server_of(home.path):
        yield Change(action=Action.STOP, resource="server", reason="runs")
    if parts.cluster.process():
        yield Change(action=Action.STOP, resource="database", reason="runs")
    if home.exists and delete_data:
        yield Change(action=Action.DELETE, resource="data", reason=f"{home.path}, for good")
    elif home.exists:
        yield Change(action=Action.KEEP, resource="data", reason=str(home.path))
