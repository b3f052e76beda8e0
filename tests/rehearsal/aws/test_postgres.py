"""A rehearsed database is known by its name, over TLS only, and lives on in its backups."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg2
import pytest

from mlops_infra.rehearsal.authority import Authority
from mlops_infra.rehearsal.doors import Doors
from mlops_infra.rehearsal.postgres import InstanceSpec, Postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    # A cluster is made to outlive the command that starts it; here that is this process.
    pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning"),
]

SPEC = InstanceSpec(
    host="mlops-dev.a1b2c3.eu-west-1.rds.amazonaws.com",
    user="mlflow",
    password="of-no-importance",
    database="mlflow",
    max_connections=20,
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority") / "authority.pem")


@pytest.fixture(scope="module")
def doors(authority: Authority) -> Doors:
    return Doors(authority)


@pytest.fixture(scope="module")
def instance(doors: Doors) -> Iterator[Postgres]:
    found = Postgres(SPEC, doors=doors)
    yield found
    found.remove()


def ask(instance: Postgres, question: str, **changes: str) -> Any:  # noqa: ANN401 - rows of anything
    spec, address = instance.spec, instance.addresses
    found = {
        "host": spec.host,
        "hostaddr": address["PGHOSTADDR"],
        "port": address["PGPORT"],
        "user": spec.user,
        "password": spec.password,
        "dbname": spec.database,
        "sslmode": "verify-full",
        **changes,
    }
    with (
        closing(psycopg2.connect(**found)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(question)
        return cursor.fetchall() if cursor.description else None


def test_it_proves_its_name_to_who_trusts_the_authority(
    instance: Postgres, authority: Authority
) -> None:
    trusted = str(authority.file)
    assert ask(instance, "SHOW max_connections", sslrootcert=trusted) == [("20",)]
    with pytest.raises(psycopg2.OperationalError, match="does not match host name"):
        ask(instance, "SELECT 1", sslrootcert=trusted, host="another.rds.amazonaws.com")
    with pytest.raises(psycopg2.OperationalError, match="certificate verify failed"):
        ask(instance, "SELECT 1", sslrootcert="system")


def test_it_takes_neither_a_connection_in_clear_nor_a_wrong_password(
    instance: Postgres, authority: Authority
) -> None:
    with pytest.raises(psycopg2.OperationalError, match="closed the connection"):
        ask(instance, "SELECT 1", sslmode="disable")
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        ask(instance, "SELECT 1", sslrootcert=str(authority.file), password="a guess")


def test_a_backup_holds_what_it_held_and_takes_a_new_password(
    instance: Postgres, doors: Doors, authority: Authority, tmp_path: Path
) -> None:
    trusted = str(authority.file)
    ask(instance, "CREATE TABLE kept AS SELECT 42 AS answer", sslrootcert=trusted)
    backup = instance.back_up(tmp_path / "backup")
    ask(instance, "DROP TABLE kept", sslrootcert=trusted)
    spec = replace(SPEC, host="restored.rds.amazonaws.com", password="a new one")
    restored = Postgres(spec, doors=doors, backup=backup)
    try:
        assert ask(restored, "SELECT answer FROM kept", sslrootcert=trusted) == [(42,)]
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            ask(restored, "SELECT 1", sslrootcert=trusted, password=SPEC.password)
    finally:
        restored.remove()
