"""The database: a PostgreSQL cluster of this environment's own, on a Unix socket, never on TCP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra import server
from mlops_infra.config.sizing import DATABASE_CONNECTIONS

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_infra.config.models import Environment


class Database:
    """A cluster with one role, `mlflow`, that owns one database and nothing else."""

    role = "mlflow"
    name = "mlflow"

    def __init__(self, environment: Environment, *, home: Path, socket_dir: Path) -> None:
        self.data_dir = home / "postgres"
        self.backup_dir = home / "backups"
        self.log = home / "database.log"
        self.socket_dir = socket_dir
        self.settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(socket_dir),
            "unix_socket_permissions": "0770",
            "max_connections": str(DATABASE_CONNECTIONS[environment.database.size]),
            "password_encryption": "scram-sha-256",
            "log_timezone": "UTC",
        }

    @property
    def address(self) -> server.Database:
        """Where the server finds it. A socket of this machine needs no TLS."""
        return server.Database(host=str(self.socket_dir), user=self.role, ssl_mode="disable")
