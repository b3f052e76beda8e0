"""What an emulated account has recorded, run: a service's tasks, its databases, its names.

routes.py      which service answers at a public name
tasks.py       the container that a service's task definition describes
services.py    runs it, and replaces it as ECS does
databases.py   an instance's PostgreSQL, its snapshots and what is restored from them

CloudFormation waits for a service until it is healthy, and rolls back where it never is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.rehearsal.authority import Authority
from mlops_infra.rehearsal.aws.innards import stacks
from mlops_infra.rehearsal.aws.running.databases import Databases
from mlops_infra.rehearsal.aws.running.routes import service_behind
from mlops_infra.rehearsal.aws.running.services import Services
from mlops_infra.rehearsal.doors import Doors, Served, by_connect

if TYPE_CHECKING:
    from pathlib import Path

AUTHORITY_FILE = "authority.pem"
"""In the emulator's folder: whom clients and containers trust."""

TAKE_TIME = frozenset({"AWS::ECS::Service", "AWS::RDS::DBInstance"})


class Running:
    """All that runs for the account of this process."""

    def __init__(self, folder: Path, *, url: str, door_port: int) -> None:
        """Open the front door at `door_port`; `url` is where the emulator answers."""
        authority = Authority(folder / AUTHORITY_FILE)
        doors = Doors(authority)
        self._databases = Databases(folder / "backups", doors=doors)
        self._services = Services(
            folder / "logs", url=url, authority=authority.file, databases=self._databases
        )
        doors.open(by_connect(self._find), port=door_port)

    def install(self) -> None:
        """Let CloudFormation and the services' own APIs start and stop it."""
        on_a_thread = stacks._runs_on_worker_thread  # noqa: SLF001 - the one switch there is
        stacks._runs_on_worker_thread = lambda kind: (  # noqa: SLF001 - as above
            kind in TAKE_TIME or on_a_thread(kind)
        )
        self._databases.install()
        self._services.install()

    def stop(self) -> None:
        """End all of it, at once."""
        self._services.stop()
        self._databases.stop()

    def _find(self, host: str) -> Served | None:
        service = service_behind(host)
        port = self._services.port_of(service) if service else None
        return Served(port=port) if port else None
