"""The image as production runs it: prod's server spec, PostgreSQL over TLS, artifacts on S3."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg2
import pytest

from mlops_infra.smoke import smoke

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.image.platform import Platform, Replica

pytestmark = pytest.mark.slow

MIGRATES = "serve: migrating the database"

MAKE_OLD = """
import os
import sqlalchemy
from alembic import command
from alembic.script import ScriptDirectory
from mlflow.store.db.utils import _get_alembic_config
from mlflow.store.tracking.dbmodels.initial_models import Base

uri = os.environ["MLFLOW_BACKEND_STORE_URI"]
Base.metadata.create_all(sqlalchemy.create_engine(uri))
config = _get_alembic_config(uri)
revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
command.upgrade(config, revisions[len(revisions) // 2])
"""
"""Makes the schema of an MLflow half as old as the newest one."""


@pytest.fixture(scope="module")
def platform(new_platform: Callable[[], AbstractContextManager[Platform]]) -> Iterator[Platform]:
    """One that started with three replicas at once on an empty database."""
    with new_platform() as made:
        start_three(made)
        yield made


def start_three(platform: Platform) -> None:
    for replica in [platform.start() for _ in range(3)]:
        replica.wait()


def migrations(replicas: list[Replica]) -> int:
    return sum(replica.log.count(MIGRATES) for replica in replicas)


def test_three_replicas_started_at_once_on_an_empty_database_migrate_it_once(
    platform: Platform,
) -> None:
    assert migrations(platform.replicas) == 1
    assert not any("Traceback" in replica.log for replica in platform.replicas)


def test_three_replicas_started_at_once_on_an_old_database_migrate_it_once(
    new_platform: Callable[[], AbstractContextManager[Platform]],
) -> None:
    with new_platform() as platform:
        platform.image.python(MAKE_OLD, variables=platform.variables())
        old = revision(platform)
        start_three(platform)
        assert migrations(platform.replicas) == 1
        assert revision(platform) != old


def test_it_passes_the_smoke_test(platform: Platform) -> None:
    checks = smoke(
        platform.outputs(platform.replicas[0]), platform.credentials, on_check=lambda _: None
    )
    assert [f"{check.name}: {check.detail}" for check in checks if not check.ok] == []


def test_its_database_is_reached_encrypted_or_not_at_all(platform: Platform) -> None:
    with pytest.raises(psycopg2.OperationalError, match="no encryption"):
        platform.database.query("SELECT 1", ssl_mode="disable")
    connections = platform.database.query(
        "SELECT ssl, version FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
        " WHERE usename = 'mlflow'"
    )
    assert set(connections) == {(True, "TLSv1.3")}


def test_it_starts_and_stops_within_its_graces(
    platform: Platform, record_property: Callable[[str, object], None]
) -> None:
    replica = platform.start()
    started = replica.wait()
    code, stopped = replica.stop()
    record_property("seconds to start:", f"{started:.1f}")
    record_property("seconds to stop:", f"{stopped:.1f}")
    assert code == 0, replica.log[-2000:]
    assert MIGRATES not in replica.log


def revision(platform: Platform) -> str:
    return platform.database.query("SELECT version_num FROM alembic_version")[0][0]
