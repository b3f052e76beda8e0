"""A database instance as a cloud gives it: by its name, over TLS or not at all, with a password.

The PostgreSQL in the wheel of the extra `local` has no TLS and stays on its socket; a door with a
certificate for the instance's name stands before it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg2
from psycopg2 import sql

from mlops_infra.engines import process
from mlops_infra.engines.local.cluster import Cluster, programs_dir
from mlops_infra.rehearsal.doors import by_ssl_request
from mlops_infra.rehearsal.ports import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_infra.rehearsal.doors import Doors


@dataclass(frozen=True, kw_only=True)
class InstanceSpec:
    """A database instance as a cloud has recorded it."""

    host: str
    """The name that clients know it by."""
    user: str
    password: str
    database: str
    max_connections: int


@dataclass(frozen=True, kw_only=True)
class Backup:
    """All that was in an instance, at rest."""

    data_dir: Path
    password: str


@dataclass(frozen=True, kw_only=True)
class _Definition:
    role: str
    name: str
    data_dir: Path
    log: Path
    socket_dir: Path
    settings: Mapping[str, str]


class Postgres:
    """One running instance; its data is its own and goes with it."""

    def __init__(self, spec: InstanceSpec, *, doors: Doors, backup: Backup | None = None) -> None:
        """Make it, empty or with what `backup` holds, and start it."""
        self.spec = spec
        # Short enough for a socket's path, which may have 107 bytes.
        self._folder = tempfile.TemporaryDirectory(prefix="mlops-infra-db-")
        folder = Path(self._folder.name)
        self._definition = _Definition(
            role=spec.user,
            name=spec.database,
            data_dir=folder / "data",
            log=folder / "log",
            socket_dir=folder,
            settings={
                "listen_addresses": "",
                "unix_socket_directories": str(folder),
                "max_connections": str(spec.max_connections),
                "password_encryption": "scram-sha-256",
                "fsync": "off",  # it lives no longer than this process
            },
        )
        self._cluster = Cluster(self._definition, bin_dir=programs_dir())
        self._password = spec.password
        if backup is None:
            self._cluster.create(password=spec.password)
        else:
            _copy(backup.data_dir, self._definition.data_dir)
            self._password = backup.password
        self._cluster.start()
        self.set_password(spec.password)
        self.port = doors.open(by_ssl_request(spec.host, f"{folder}/.s.PGSQL.5432"))

    @property
    def addresses(self) -> dict[str, str]:
        """What leads libpq here and not to the recorded name, which it still checks."""
        return {"PGHOSTADDR": HOST, "PGPORT": str(self.port)}

    def set_password(self, password: str) -> None:
        """Give the instance's user a new password."""
        if password == self._password:
            return
        connection = psycopg2.connect(
            host=str(self._definition.socket_dir),
            user=self.spec.user,
            password=self._password,
            dbname=self.spec.database,
        )
        with closing(connection), connection, connection.cursor() as cursor:
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
            user, secret = sql.Identifier(self.spec.user), sql.Literal(password)
            cursor.execute(statement.format(user, secret))
        self._password = password

    def back_up(self, folder: Path) -> Backup:
        """Copy all that is in it to `folder`. Clients are cut off for as long as that takes."""
        self._cluster.stop()
        _copy(self._definition.data_dir, folder)
        self._cluster.start()
        return Backup(data_dir=folder, password=self._password)

    def remove(self) -> None:
        """Stop it and delete its data."""
        self._cluster.stop()
        shutil.rmtree(self._folder.name, ignore_errors=True)
        self._folder.cleanup()


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    # Owners too: PostgreSQL runs as another user than root, and starts on its own files only.
    process.run(["cp", "-a", str(source), str(target)], env={"PATH": os.defpath})
