"""A disk that is read-only, too full or filled up meanwhile: told, mended, and no run is lost."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Project
from tests.local.conftest import FASTEST, Deployment

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    Until = Callable[[Callable[[], bool]], None]


pytestmark = pytest.mark.slow

IS_ROOT = os.geteuid() == 0
UNSHARE = ["unshare", "--mount", *([] if IS_ROOT else ["--map-current-user", "--keep-caps"])]
"""Who is not root may mount inside a user namespace of their own, and stays who they are."""
ENTER = ["nsenter", "--mount", *([] if IS_ROOT else ["--user", "--preserve-credentials"])]


def in_mount_namespace(project: Project, script: str, *words: str) -> tuple[int, str]:
    """Run one command where `script` has mounted something; nobody else sees that."""
    shell = f'{script} && cd "$0" && exec "$@"'
    argv = [*UNSHARE, "sh", "-ec", shell, str(project.folder), *project.argv(*words)]
    done = subprocess.run(
        argv, env=project.environ(), capture_output=True, text=True, timeout=120, check=False
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def test_a_read_only_project_folder_is_refused(project: Project) -> None:
    project.write("dev", FASTEST)
    mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0"'
    code, said = in_mount_namespace(project, mount, "deploy", "-e", "dev", "--yes")
    assert code == 4
    assert f"cannot write to {project.folder}" in said


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
        enter = [*ENTER, f"--target={self.namespace}"]
        return [*enter, "env", f"--chdir={self.folder}", *super().argv(*words)]

    @property
    def seen(self) -> Path:
        """The folder as this process reaches it."""
        return Path(f"/proc/{self.namespace}/root{self.folder}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Inside]:
    """A project on a disk of 300 MiB, in a mount namespace of its own."""
    script = 'mount -t tmpfs -o size=300m tmpfs "$0" && echo mounted && exec sleep infinity'
    argv = [*UNSHARE, "sh", "-ec", script, str(tmp_path)]
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
    assert dev.is_whole()


def test_a_teardown_frees_a_disk_that_is_full(small_disk: Inside) -> None:
    dev = Deployment(small_disk, "dev", root=Path(f"/proc/{small_disk.namespace}/root"))
    dev.deploy()
    fill(small_disk.seen)
    dev.run("teardown", "--delete-data")
    assert not dev.processes()
    assert not (small_disk.seen / ".mlops-infra/local/dev").exists()
