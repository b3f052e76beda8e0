"""Files that are lost, damaged, closed or not to be written: told, and how to go on."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from tests.local.conftest import FASTEST, Deployment, kill

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.conftest import Project

pytestmark = pytest.mark.slow

IS_ROOT = os.geteuid() == 0
AS_NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]


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
    assert fast.is_whole()


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
    assert fast.is_whole()


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


def test_who_may_not_read_the_files_is_told(fast: Deployment) -> None:
    with TemporaryDirectory() as folder:  # pytest's own are closed to others
        Path(folder).chmod(0o755)
        shutil.copytree(fast.project.folder / "environments", Path(folder) / "environments")
        (Path(folder) / ".mlops-infra" / "local").mkdir(parents=True)
        (Path(folder) / ".mlops-infra" / "local").chmod(0o000)
        for words in (("status",), ("tracking-uri",), ("deploy", "--yes"), ("teardown", "--yes")):
            argv = fast.project.argv(*words, "-e", "fast", "-C", folder)
            done = subprocess.run(
                [*(AS_NOBODY if IS_ROOT else []), *argv],
                env=fast.project.environ(),
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 4, done.stderr
            assert "permission denied" in done.stderr.lower() or "cannot write" in done.stderr
