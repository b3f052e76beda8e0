"""What differs between what is wanted and what runs. Changes nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mlops_infra.engines.local.home import Home
from mlops_infra.engines.local.parts import Parts
from mlops_infra.engines.local.servers import installed_mlflow, server_of
from mlops_infra.model import Action, Change
from mlops_infra.server import START_GRACE_SECONDS

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
    elif stale := cluster.stale_settings():
        yield Change(action=Action.RESTART, resource="database", reason=stale)


def _server_changes(parts: Parts, deployed: Deployed | None) -> Iterator[Change]:
    def change(action: Action, reason: str) -> Change:
        return Change(action=action, resource="server", reason=reason)

    url = parts.platform.tracking.url
    head = server_of(parts.home.path)
    if head is None:
        if deployed is None or not deployed.mlflow_version:
            yield change(Action.CREATE, f"MLflow {installed_mlflow()} at {url}")
        else:
            yield change(Action.START, f"{_version_step(deployed)}at {url}")
    elif differences := parts.servers.differences(head):
        yield change(Action.RESTART, f"{_version_step(deployed)}{differences}")
    elif not parts.servers.answers():
        if time.time() - head.create_time() < START_GRACE_SECONDS:
            yield change(Action.START, "is still starting")
        else:
            yield change(Action.RESTART, "does not answer")
    elif deployed is None or deployed.running_since is None:
        yield change(Action.START, "the last deploy did not finish")


def _version_step(deployed: Deployed | None) -> str:
    """Say that the database will be migrated, where it will be."""
    before = deployed.mlflow_version if deployed else ""
    if before in {"", installed_mlflow()}:
        return ""
    return f"MLflow {before} → {installed_mlflow()}, the database is backed up and migrated; "


def teardown_changes(target: Target, *, delete_data: bool) -> Iterator[Change]:
    home = Home(target)
    if not home.exists:
        return
    parts = Parts(target, port=1)
    if server_of(home.path):
        yield Change(action=Action.STOP, resource="server", reason="runs")
    if parts.cluster.process():
        yield Change(action=Action.STOP, resource="database", reason="runs")
    if delete_data:
        yield Change(action=Action.DELETE, resource="data", reason=f"{home.path}, for good")
    else:
        yield Change(action=Action.KEEP, resource="data", reason=str(home.path))
