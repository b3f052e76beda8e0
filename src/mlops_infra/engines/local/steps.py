"""Carries out what `planning` found: each step looks first, so any of them may be repeated."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from mlops_infra.engines.local.home import Deployed, Home
from mlops_infra.engines.local.parts import Parts, reserved_port
from mlops_infra.engines.local.servers import installed_mlflow, server_of
from mlops_infra.engines.progress import step
from mlops_infra.errors import UnhealthyError
from mlops_infra.model import Event

if TYPE_CHECKING:
    from mlops_infra.engines.base import OnEvent
    from mlops_infra.engines.local.cluster import Cluster
    from mlops_infra.engines.local.servers import Servers
    from mlops_infra.model import Plan, Target


def deploy(target: Target, on_event: OnEvent, *, lock: int) -> None:
    home = Home(target)
    home.create()
    secrets = home.make_secrets()
    before = home.deployed()
    with reserved_port(target, home) as port:
        now = replace(before, port=port) if before else Deployed(port=port)
        home.remember(now)
        parts = Parts(target, port=port)
        if not parts.cluster.exists:
            _stop(parts, on_event)  # what runs in a folder that somebody removed
        _settle_database(parts.cluster, secrets["PGPASSWORD"], on_event, lock=lock)
        if now.mlflow_version not in {"", installed_mlflow()}:
            with step("server", "see that this MLflow can serve the database", on_event):
                parts.servers.check(secrets)
        _settle_server(parts, secrets, on_event, healthy_at=now.running_since)
    home.remember(Deployed(port=port, mlflow_version=installed_mlflow(), running_since=time.time()))


def _settle_database(cluster: Cluster, password: str, on_event: OnEvent, *, lock: int) -> None:
    if not cluster.exists:
        with step("database", "create", on_event):
            cluster.create(password=password, lock=lock)
    if cluster.process() and (cluster.stale_settings() or not cluster.answers()):
        with step("database", "stop", on_event):
            cluster.stop()
    if cluster.process() is None:
        with step("database", "start", on_event):
            cluster.start()
    cluster.wait()


def _settle_server(
    parts: Parts, secrets: dict[str, str], on_event: OnEvent, *, healthy_at: float | None
) -> None:
    servers, home = parts.servers, parts.home.path
    dumps = set(parts.platform.database.backup_dir.glob("*.dump"))
    if server_of(home) and (
        servers.trouble(healthy_at=healthy_at) or not _comes_up(servers, on_event)
    ):
        with step("server", "stop", on_event):
            servers.stop()
    if server_of(home) is None:
        with step("server", f"start at {parts.platform.tracking.url}", on_event):
            servers.wait(servers.start(secrets))
    for dump in sorted(set(parts.platform.database.backup_dir.glob("*.dump")) - dumps):
        on_event(
            Event(resource="database", message=f"migrated; backup before it: {dump}", done=True)
        )


def _comes_up(servers: Servers, on_event: OnEvent) -> bool:
    """Whether the server that runs answers, or one that a killed deploy started soon does."""
    with suppress(UnhealthyError), step("server", "wait until it answers", on_event):
        servers.wait(None)
        return True
    return False


def tear_down(plan: Plan, on_event: OnEvent) -> None:
    home = Home(plan.target)
    _stop(Parts(plan.target, port=1), on_event)
    home.clear_runtime()
    if plan.delete_data:
        with step("data", "delete", on_event):
            home.delete()
    elif deployed := home.deployed():
        home.remember(replace(deployed, running_since=None))


def _stop(parts: Parts, on_event: OnEvent) -> None:
    if server_of(parts.home.path):
        with step("server", "stop", on_event):
            parts.servers.stop()
    if parts.cluster.process():
        with step("database", "stop", on_event):
            parts.cluster.stop()
