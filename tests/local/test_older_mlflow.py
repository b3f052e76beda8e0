"""A database that another version of MLflow left: migrated once after a backup, or refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psycopg2
import pytest
from tenacity import retry, stop_after_delay, wait_fixed

from mlops_infra.engines.local.cluster import programs_dir
from tests.conftest import REPOSITORY
from tests.local.conftest import FASTEST, Deployment, environ_of, kill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Project

pytestmark = pytest.mark.slow

OLD = ("mlflow==3.1.*", "psycopg2-binary", "sqlalchemy<2.1", "setuptools<81")
LOG_WITH_OLD = """
import mlflow
from mlflow.entities import Metric, RunStatus
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

store = SqlAlchemyStore("postgresql+psycopg2:///mlflow", "/nowhere")
for name in ("old 1", "old 2"):
    run = store.create_run("0", "somebody", 1, [], name)
    store.log_batch(run.info.run_id, [Metric("loss", 0.5, 1, 0)], [], [])
    store.update_run_info(run.info.run_id, RunStatus.FINISHED, 2, None)
print(mlflow.__version__)
"""
OLD_RUNS = {"old 1", "old 2"}


def postgres_variables(found: Deployment) -> dict[str, str]:
    """What libpq needs to open an environment's database."""
    password = json.loads((found.home / "secrets.json").read_text())["PGPASSWORD"]
    return {
        "PGHOST": found.socket_dir,
        "PGUSER": "mlflow",
        "PGDATABASE": "mlflow",
        "PGPASSWORD": password,
    }


def sql(found: Deployment, statement: str, *values: str) -> list[tuple[Any, ...]]:
    """Run one statement in an environment's database."""
    variables = postgres_variables(found)
    connection = psycopg2.connect(
        host=variables["PGHOST"], user="mlflow", dbname="mlflow", password=variables["PGPASSWORD"]
    )
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def revision(found: Deployment) -> str:
    return sql(found, "SELECT version_num FROM alembic_version")[0][0]


@pytest.fixture(scope="module")
def old_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with MLflow 3.1 and nothing of ours."""
    folder = tmp_path_factory.mktemp("old") / "venv"
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    python = folder / "bin" / "python"
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *OLD], check=True)
    return python


@pytest.fixture(scope="module")
def old_dump(dev: Deployment, old_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What MLflow 3.1 leaves in a database: its schema and two runs."""
    kill(*dev.servers())
    empty(dev)
    done = subprocess.run(
        [old_python, "-c", LOG_WITH_OLD],
        env={**postgres_variables(dev), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("3.1.")
    dump = tmp_path_factory.mktemp("dump") / "old.sql"
    with dump.open("w") as file:
        subprocess.run(
            [programs_dir() / "pg_dump"], env=postgres_variables(dev), stdout=file, check=True
        )
    return dump


@pytest.fixture(scope="module")
def dev(shared: Project) -> Deployment:
    """The shipped dev environment, with a login; each test puts its own database into it."""
    shared.write("dev")
    found = Deployment(shared, "dev")
    found.deploy()
    return found


def empty(found: Deployment) -> None:
    sql(found, "DROP SCHEMA public CASCADE")
    sql(found, "CREATE SCHEMA public")


@pytest.fixture
def old(dev: Deployment, old_dump: Path) -> Deployment:
    """The environment as MLflow 3.1 would have left it: database up, server down."""
    dev.deploy()
    kill(*dev.servers())
    empty(dev)
    for dump in (dev.home / "backups").iterdir():
        dump.unlink()
    psql = [programs_dir() / "psql", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={old_dump}"]
    subprocess.run(psql, env=postgres_variables(dev), stdout=subprocess.DEVNULL, check=True)
    file = dev.home / "state.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "mlflow_version": "3.1.4"}))
    return dev


def test_an_older_database_is_backed_up_and_migrated_and_the_backup_can_be_restored(
    old: Deployment,
) -> None:
    old_revision = revision(old)
    said = old.run("plan", code=2)
    assert "MLflow 3.1.4 → " in said
    assert "the database is backed up and migrated" in said

    said = old.deploy()
    dump = next((old.home / "backups").glob("*.dump"))
    assert "migrated; backup before it: " in said
    assert f".mlops-infra/local/dev/backups/{dump.name}" in said
    assert dump.stat().st_mode & 0o077 == 0
    assert not list((old.home / "backups").glob("*.partial"))
    assert old.runs() == OLD_RUNS
    assert revision(old) != old_revision
    assert old.state()["mlflow_version"] != "3.1.4"
    assert "nothing to do" in old.run("plan")

    old.log_run("after the migration")
    restore(old, dump, expect=old_revision)
    assert old.runs() == OLD_RUNS
    dump.unlink()


RESTORE = """
cd .mlops-infra/local/dev
bin=$(python -c 'from mlops_infra.engines.local.cluster import programs_dir; print(programs_dir())')
export PGPASSWORD=$(python -c 'import json; print(json.load(open("secrets.json"))["PGPASSWORD"])')
export PGHOST=$(sed -n 5p postgres/postmaster.pid) PGUSER=mlflow PGDATABASE=mlflow
"$bin/pg_restore" --file=tmp/restore.sql "$BACKUP" &&
"$bin/psql" --quiet --single-transaction --set=ON_ERROR_STOP=1 \\
    --command='DROP SCHEMA public CASCADE; CREATE SCHEMA public' --file=tmp/restore.sql
"""
"""The very lines of docs/restore.md."""


def test_the_restore_of_the_documentation_is_the_one_that_is_tested() -> None:
    assert RESTORE.strip() in (REPOSITORY / "docs" / "restore.md").read_text()


def restore(found: Deployment, dump: Path, *, expect: str) -> None:
    """Restore a backup as docs/restore.md says, and deploy."""
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    done = subprocess.run(
        ["sh", "-ec", RESTORE],
        cwd=found.project.folder,
        env=found.project.environ(PATH=path, BACKUP=str(dump)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert revision(found) == expect
    found.run("teardown")
    found.deploy()


@pytest.fixture
def newer(dev: Deployment) -> Iterator[Deployment]:
    """The environment with a database that a newer MLflow has migrated."""
    dev.deploy()
    known = revision(dev)
    sql(dev, "UPDATE alembic_version SET version_num = 'f00dfeedf00d'")
    yield dev
    sql(dev, "UPDATE alembic_version SET version_num = %s", known)
    dev.project.write("dev")
    dev.deploy()


def test_a_newer_database_is_refused_and_left_alone(newer: Deployment) -> None:
    kill(*newer.servers())
    backups = list((newer.home / "backups").iterdir())
    state = newer.state()
    said = newer.deploy(code=1)
    assert "migrated by a newer MLflow (revision f00dfeedf00d is unknown to " in said
    assert re.search(r"server: start at http://\S+ failed \(", said)
    assert revision(newer) == "f00dfeedf00d"
    assert list((newer.home / "backups").iterdir()) == backups
    assert newer.state() == state
    assert not newer.servers()


def test_a_newer_server_goes_on_when_an_older_version_is_deployed_over_it(
    newer: Deployment,
) -> None:
    file = newer.home / "state.json"
    state = {**newer.state(), "mlflow_version": "99.0.0"}
    file.write_text(json.dumps(state))
    newer.project.write("dev", FASTEST)
    heads = newer.server_heads()
    said = newer.deploy(code=1)
    assert "migrated by a newer MLflow (revision f00dfeedf00d is unknown to " in said
    assert "server: see that this MLflow can serve the database failed (" in said
    assert newer.server_heads() == heads
    assert newer.state() == state


@pytest.mark.parametrize("database", ["empty", "old"])
def test_replicas_that_start_at_once_migrate_once(
    dev: Deployment, request: pytest.FixtureRequest, tmp_path: Path, database: str
) -> None:
    dev.deploy()
    head = dev.server_heads()[0]
    variables, argv = environ_of(head), head.cmdline()
    if database == "old":
        request.getfixturevalue("old")
    else:
        kill(*dev.servers())
        empty(dev)
    first = int(variables["MLFLOW_PORT"])
    ports = [first, *range(first + 300, first + 302)]  # where the tool itself seldom gets
    logs = [tmp_path / f"{port}.log" for port in ports]
    replicas = []
    for port, log in zip(ports, logs, strict=True):
        with log.open("w") as sink:
            env = {**variables, "MLFLOW_PORT": str(port)}
            replicas.append(subprocess.Popen(argv, env=env, stdout=sink, stderr=sink))
    try:
        for port in ports:
            wait_until_healthy(port)
        said = [log.read_text() for log in logs]
        assert sum("serve: migrating the database" in text for text in said) == 1
        assert sum("serve: backing up" in text for text in said) == (database == "old")
        assert all("Traceback" not in text for text in said)
    finally:
        kill(*dev.servers())
        for replica in replicas:
            replica.wait()
    dev.deploy()
    assert dev.runs() == (OLD_RUNS if database == "old" else set())


@retry(stop=stop_after_delay(300), wait=wait_fixed(0.1), reraise=True)
def wait_until_healthy(port: int) -> None:
    """Wait longer than one server needs: several start on few cores."""
    httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).raise_for_status()
