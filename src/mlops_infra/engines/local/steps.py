"""Carries out what `planning` found: each step looks first, so any of them may be repeated."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from mlops_infra.engines.local.home import Deployed, Home
from mlops_infra.engines.local.parts import Parts, choose_port
from mlops_infra.engines.local.servers import installed_mlflow, server_of
from mlops_infra.model import Event
from mlops_infra.server import START_GRACE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Generator

    from mlops_infra.engines.base import OnEvent
    from mlops_infra.engines.local.cluster import Cluster
    from mlops_infra.model import Plan, Target


def deploy(target: Target, on_event: OnEvent, *, lock: int) -> None:
    home = Home(target)
    home.create()
    secrets = home.make_secrets()
    before = home.deployed()
    port = choose_port(target, home)
    home.remember(replace(before, port=port) if before else Deployed(port=port))
    parts = Parts(target, port=port)
    _settle_database(parts.cluster, secrets["PGPASSWORD"], on_event, lock=lock)
    _settle_server(parts, secrets, on_event)
    home.remember(Deployed(port=port, mlflow_version=installed_mlflow(), running_since=time.time()))


def _settle_database(cluster: Cluster, password: str, on_event: OnEvent, *, lock: int) -> None:
    if not cluster.exists:
        with _step("database", "create", on_event):
            cluster.create(password=password, lock=lock)
    if cluster.stale_settings():
        with _step("database", "stop, for new settings", on_event):
            cluster.stop()
    if cluster.process() is None:
        with _step("database", "start", on_event):
            cluster.start()


def _settle_server(parts: Parts, secrets: dict[str, str], on_event: OnEvent) -> None:
    head = server_of(parts.home.path)
    if head:
        differs = parts.servers.differences(head)
        is_stuck = time.time() - head.create_time() >= START_GRACE_SECONDS
        if differs or (is_stuck and not parts.servers.answers()):
            with _step("server", "stop", on_event):
                parts.servers.stop()
            head = None
    dumps = set(parts.platform.database.backup_dir.glob("*.dump"))
    with _step("server", "wait until it answers" if head else "start", on_event):
        started = None if head else parts.servers.start(secrets)
        parts.servers.wait(started)
    for dump in sorted(set(parts.platform.database.backup_dir.glob("*.dump")) - dumps):
        on_event(
            Event(resource="database", message=f"migrated; backup before it: {dump}", done=True)
        )


def tear_down(plan: Plan, on_event: OnEvent) -> None:
    home = Home(plan.target)
    parts = Parts(plan.target, port=1)
    if server_of(home.path):
        with _step("server", "stop", on_event):
            parts.servers.stop()
    if parts.cluster.process():
        with _step("database", "stop", on_event):
            parts.cluster.stop()
    home.clear_runtime()
    if plan.delete_data:
        with _step("data", "delete", on_event):
            home.delete()
    elif deployed := home.deployed():
        home.remember(replace(deployed, running_since=None))


@contextmanager
def _step(resource: str, message: str, on_event: OnEvent) -> Generator[None]:
    """Tell that a step begins and, if it ends well, that it has and how long it took."""
    began = time.monotonic()
    on_event(Event(resource=resource, message=message))
    yield
    seconds = time.monotonic() - began
    on_event(Event(resource=resource, message=message, done=True, seconds=seconds))
