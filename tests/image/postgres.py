"""A PostgreSQL as a cloud gives it: over TCP, with a password, and with TLS or not at all.

The one in the wheel of the extra `local` is built without TLS, so this is the machine's own.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg2
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from mlops_infra import server
from mlops_infra.rehearsal.ports import free_port
from tests.image.engines import packages

if TYPE_CHECKING:
    from collections.abc import Generator

HOST = "127.0.0.1"
USER = "mlflow"
DEBIAN = Path("/usr/lib/postgresql")
ENCRYPTED_ONLY = "hostssl all all 127.0.0.1/32 scram-sha-256\n"


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """A running one with an empty database `mlflow`."""

    port: int
    password: str = field(default_factory=secrets.token_urlsafe, repr=False)
    """Of the administrator and of the server's own role."""

    @property
    def address(self) -> server.Database:
        """Where the server finds it, as the AWS stack says it."""
        return server.Database(host=HOST, port=self.port, user=USER, ssl_mode="require")

    def query(self, statement: str, *, ssl_mode: str = "require", database: str = "mlflow") -> Any:  # noqa: ANN401 - rows of anything
        """Run one statement as the administrator; its rows, if it has any."""
        connection = psycopg2.connect(
            host=HOST,
            port=self.port,
            user="postgres",
            password=self.password,
            dbname=database,
            sslmode=ssl_mode,
        )
        with closing(connection):
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []


@contextmanager
def postgres(*, max_connections: int) -> Generator[Postgres]:
    """Make one, and remove it afterwards.

    Raises:
        PrerequisiteError: there is none on this machine, and it may not be installed.
    """
    found = Postgres(port=free_port())
    programs = packages.need("postgresql", find=_find, otherwise="install PostgreSQL")
    with tempfile.TemporaryDirectory(prefix="mlops-infra-postgres-") as name:
        folder = Path(name)
        data = folder / "data"
        password = folder / "password"
        password.write_text(found.password)
        certificate, key = folder / "server.crt", folder / "server.key"
        _self_sign(certificate, key)
        as_owner = _give_away(folder)
        initdb = [f"{programs}/initdb", f"--pgdata={data}", f"--pwfile={password}"]
        initdb += ["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale"]
        _run(*as_owner, *initdb)
        (data / "pg_hba.conf").write_text(ENCRYPTED_ONLY)
        settings = {
            "listen_addresses": HOST,
            "port": found.port,
            "unix_socket_directories": "",
            "max_connections": max_connections,
            "ssl": "on",
            "ssl_cert_file": certificate,
            "ssl_key_file": key,
            "fsync": "off",
        }
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*as_owner, f"{programs}/postgres", "-D", str(data), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            _make_database(found)
            yield found
        finally:
            process.send_signal(signal.SIGINT)  # fast: it drops who is still connected
            process.wait(60)


def _find() -> Path | None:
    """Return the folder of the newest PostgreSQL of this machine; Debian's is not on PATH."""
    debian = [folder for folder in DEBIAN.glob("*/bin") if (folder / "initdb").exists()]
    on_path = shutil.which("initdb")
    other = Path(on_path).resolve().parent if on_path else None
    return max(debian, key=lambda folder: float(folder.parent.name), default=other)


def _self_sign(certificate: Path, key: Path) -> None:
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    made += ["-nodes", "-days", "2", "-subj", f"/CN={HOST}", "-out", str(certificate)]
    _run(*made, "-keyout", str(key))


def _give_away(folder: Path) -> list[str]:
    """Return what makes root run a program as the folder's new owner: PostgreSQL is never root."""
    if os.geteuid() != 0:
        return []
    owner = pwd.getpwnam("postgres")
    for each in (folder, *folder.iterdir()):
        os.chown(each, owner.pw_uid, owner.pw_gid)
    return ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]


def _make_database(found: Postgres) -> None:
    Retrying(
        retry=retry_if_exception_type(psycopg2.OperationalError),
        stop=stop_after_delay(60),
        wait=wait_fixed(0.1),
        reraise=True,
    )(found.query, f"CREATE ROLE {USER} LOGIN PASSWORD '{found.password}'", database="postgres")
    found.query(f"CREATE DATABASE mlflow OWNER {USER}", database="postgres")


def _run(*argv: str) -> None:
    done = subprocess.run(argv, cwd="/", check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{argv[0]}: {done.stdout}{done.stderr}"
