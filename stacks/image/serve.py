"""Starts the server: brings the database to this MLflow's schema, once, then becomes `mlflow`.

Usage: ``python serve.py server [MLFLOW OPTION ...]``, with the variables of the server spec; with
``check`` in the place of ``server`` it only sees whether that could work, and changes nothing.

Any number of replicas may start at once, on an empty database or on an older MLflow's: one
migrates under a PostgreSQL advisory lock, the others wait for it. A database that a newer MLflow
has migrated is refused, and left alone. Where `MLOPS_INFRA_BACKUP_DIR` is set, what the database
holds is dumped there first; in the clouds the database has its continuous backup.

The server runs in this same process, so nothing is imported twice: a start takes no longer than
`mlflow server` alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import psycopg2
from alembic.script import ScriptDirectory
from mlflow.cli import cli
from tenacity import retry, retry_if_exception, stop_after_delay, wait_fixed

if TYPE_CHECKING:
    from collections.abc import Generator

LOCK_KEY = 0x6D6C666C6F77  # "mlflow": every replica must ask for the same one
DATABASE_WAIT_SECONDS = 100
SCHEMAS = {  # version table -> folder of its migrations inside MLflow
    "alembic_version": "store/db_migrations",
    "alembic_version_auth": "server/auth/db/migrations",
}


def main(argv: list[str]) -> None:
    """Settle the schema, then run `mlflow` with `argv`. Exits 1 with one line when it cannot."""
    try:
        settle_schema(authenticated="basic-auth" in argv, only_check=argv[0] == "check")
        if "basic-auth" in argv and argv[0] != "check":
            settle_administrator()
    except (RuntimeError, psycopg2.Error, subprocess.CalledProcessError) as error:
        sys.exit(f"serve: {str(error).strip()}")
    if argv[0] != "check":
        cli(argv, prog_name="mlflow")


def settle_schema(*, authenticated: bool, only_check: bool = False) -> None:
    """Migrate what is behind, one replica at a time.

    Raises:
        RuntimeError: the database belongs to a newer MLflow.
    """
    tables = [table for table in SCHEMAS if authenticated or table == "alembic_version"]
    connection = connect()
    try:
        connection.autocommit = True
        if not behind(connection, tables) or only_check:
            return
        with advisory_lock(connection):
            pending = behind(connection, tables)  # another replica may have been first
            if pending and current(connection, "alembic_version"):
                back_up()
            if pending:
                say(f"migrating the database to MLflow {mlflow.__version__}")
            if "alembic_version" in pending:
                uri = os.environ["MLFLOW_BACKEND_STORE_URI"]
                cli(["db", "upgrade", uri], standalone_mode=False)
            if "alembic_version_auth" in pending:
                from mlflow.server.auth import bootstrap_admin_user  # an extra

                bootstrap_admin_user()  # creates and migrates its tables, too
    finally:
        connection.close()


def settle_administrator() -> None:
    """Give the administrator the password of `MLFLOW_AUTH_ADMIN_PASSWORD`, where it has another.

    A restored database has that of its time, and a secret may be rotated: whoever reads the secret
    gets in. MLflow itself heeds the variable only where there is no administrator yet.
    """
    from mlflow.server.auth import auth_config, store  # an extra

    name, password = auth_config.admin_username, os.environ.get("MLFLOW_AUTH_ADMIN_PASSWORD")
    if not name or not password:
        return
    store.init_db(auth_config.database_uri)
    if not store.has_user(name) or store.authenticate_user(name, password):
        return
    connection = connect()
    try:
        connection.autocommit = True
        with advisory_lock(connection):
            if not store.authenticate_user(name, password):  # another replica may have been first
                store.update_user(name, password=password)
                say(f"the password of {name} is now that of MLFLOW_AUTH_ADMIN_PASSWORD")
    finally:
        connection.close()


@retry(
    retry=retry_if_exception(
        lambda error: (
            isinstance(error, psycopg2.OperationalError) and "authentication" not in str(error)
        )
    ),
    stop=stop_after_delay(DATABASE_WAIT_SECONDS),
    wait=wait_fixed(0.5),
    reraise=True,
)
def connect() -> Any:  # noqa: ANN401 - psycopg2 ships no types
    """Connect with libpq's own variables; a database that is still starting is waited for."""
    return psycopg2.connect("")


@contextmanager
def advisory_lock(connection: Any) -> Generator[None]:  # noqa: ANN401 - psycopg2 ships no types
    """Hold the migration lock; PostgreSQL drops it when this process dies, however it dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK_KEY])


def behind(connection: Any, tables: list[str]) -> list[str]:  # noqa: ANN401 - psycopg2 ships no types
    """Return the version tables whose schema is older than this MLflow's.

    Raises:
        RuntimeError: one is newer: this MLflow does not know its revision.
    """
    pending = []
    for table in tables:
        found = current(connection, table)
        scripts = ScriptDirectory(str(Path(mlflow.__file__).parent / SCHEMAS[table]))
        if found and found not in {script.revision for script in scripts.walk_revisions()}:
            raise RuntimeError(
                f"the database was migrated by a newer MLflow (revision {found} is unknown to "
                f"{mlflow.__version__}): deploy that version again, or restore a backup"
            )
        if found != scripts.get_current_head():
            pending.append(table)
    return pending


def current(connection: Any, table: str) -> str | None:  # noqa: ANN401 - psycopg2 ships no types
    """Return the revision that the database is at, or None where it has none yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [table])
        if cursor.fetchone()[0] is None:
            return None
        cursor.execute(f"SELECT version_num FROM {table}")  # noqa: S608 - a constant of ours
        row = cursor.fetchone()
        return row[0] if row else None


def back_up() -> None:
    """Dump the database into `MLOPS_INFRA_BACKUP_DIR`, if set, under a name that tells when."""
    folder = os.environ.get("MLOPS_INFRA_BACKUP_DIR")
    if not folder:
        return
    target = Path(folder) / time.strftime("mlflow-%Y%m%dT%H%M%SZ.dump", time.gmtime())
    partial = target.with_suffix(".partial")
    for left in Path(folder).glob("*.partial"):  # by a killed one: this one holds the lock
        left.unlink()
    say(f"backing up the database to {target}")
    dump = ["pg_dump", "--format=custom", f"--file={partial}"]
    subprocess.run(dump, check=True, umask=0o077)  # noqa: S603 - the PATH is the stack's
    partial.rename(target)


def say(text: str) -> None:
    """Write one line to the server's log."""
    sys.stderr.write(f"serve: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
