"""A command killed at any moment leaves what the next deploy finishes, and loses no run."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.local.conftest import FASTEST, Deployment, kill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Project

    Until = Callable[[Callable[[], bool]], None]

pytestmark = pytest.mark.slow

POINTS = 20
"""A command is killed after i/20 of what it takes undisturbed: 12 times a deploy, 8 a teardown."""

FIRST_DEPLOY = (1, 4, 7, 10, 13, 16, 19)
REDEPLOY = (2, 6, 10, 14, 18)
TEARDOWN = (1, 3, 6, 9, 12, 15, 17, 19)


@dataclass
class Subject:
    """An environment whose commands are killed, and the runs that must survive it."""

    found: Deployment
    runs: set[str] = field(default_factory=set)

    def seconds(self, *words: str) -> float:
        """Return how long a command takes undisturbed."""
        began = time.monotonic()
        self.found.run(*words)
        return time.monotonic() - began

    def killed(self, seconds: float, *words: str) -> None:
        """Start a command and kill it, it alone, after so many seconds."""
        name = self.found.name
        with self.found.project.start(words[0], "-e", name, "--yes", *words[1:]) as running:
            time.sleep(seconds)  # the moment is what is tested: there is no condition to wait for
            running.kill()
            running.communicate()

    def assert_next_deploy_converges(self) -> None:
        said = self.found.deploy()
        assert len(self.found.server_heads()) == 1, said
        assert len(self.found.postmasters()) == 1, said
        assert httpx.get(f"{self.found.uri}/health", trust_env=False).status_code == 200
        assert self.found.runs() == self.runs, said
        assert "nothing to do" in self.found.run("plan")

    def log_run(self, name: str) -> None:
        self.found.log_run(name)
        self.runs.add(name)


@pytest.fixture(scope="module")
def kept(shared: Project) -> Subject:
    """An environment that keeps its data throughout; every test leaves it deployed."""
    shared.write("kept", FASTEST)
    subject = Subject(Deployment(shared, "kept"))
    subject.found.deploy()
    subject.log_run("first")
    return subject


@pytest.fixture(scope="module")
def teardown_seconds(kept: Subject) -> float:
    return kept.seconds("teardown")


@pytest.fixture(scope="module")
def redeploy_seconds(kept: Subject, teardown_seconds: float) -> float:
    assert teardown_seconds
    return kept.seconds("deploy")


@pytest.fixture(scope="module")
def first_deploy_seconds(shared: Project) -> Iterator[float]:
    shared.write("measured", FASTEST)
    measured = Deployment(shared, "measured")
    yield Subject(measured).seconds("deploy")
    measured.run("teardown", "--delete-data")


@pytest.fixture
def fresh(shared: Project) -> Iterator[Subject]:
    """An environment of which there is nothing yet; afterwards there is nothing again."""
    shared.write("fresh", FASTEST)
    subject = Subject(Deployment(shared, "fresh"))
    yield subject
    subject.found.run("teardown", "--delete-data")
    assert not subject.found.processes()


@pytest.mark.parametrize("point", FIRST_DEPLOY)
def test_a_first_deploy_killed_at_any_moment_is_finished_by_the_next(
    fresh: Subject, first_deploy_seconds: float, point: int
) -> None:
    fresh.killed(first_deploy_seconds * point / POINTS, "deploy")
    fresh.assert_next_deploy_converges()


@pytest.mark.parametrize("point", REDEPLOY)
def test_a_redeploy_killed_at_any_moment_is_finished_by_the_next(
    kept: Subject, redeploy_seconds: float, point: int
) -> None:
    kept.log_run(f"before the redeploy killed at {point}")
    kept.found.run("teardown")
    kept.killed(redeploy_seconds * point / POINTS, "deploy")
    kept.assert_next_deploy_converges()


@pytest.mark.parametrize("point", TEARDOWN)
def test_after_a_teardown_killed_at_any_moment_a_deploy_brings_all_back(
    kept: Subject, teardown_seconds: float, redeploy_seconds: float, point: int
) -> None:
    assert redeploy_seconds  # it is deployed
    kept.log_run(f"before the teardown killed at {point}")
    kept.killed(teardown_seconds * point / POINTS, "teardown")
    kept.assert_next_deploy_converges()


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_a_killed_first_deploy_with_a_login_is_finished_by_the_next(
    shared: Project, first_deploy_seconds: float, share: float
) -> None:
    shared.write("login")
    login = Subject(Deployment(shared, "login"))
    login.killed(first_deploy_seconds * share, "deploy")
    login.assert_next_deploy_converges()
    login.log_run("by the administrator")
    assert login.found.runs() == login.runs
    login.found.run("teardown", "--delete-data")


@pytest.mark.parametrize("seconds", [0.2, 1.5])
def test_a_crash_of_everything_in_the_middle_of_a_migration_is_mended(
    fresh: Subject, until: Until, seconds: float
) -> None:
    log = fresh.found.home / "server.log"
    with fresh.found.project.start("deploy", "-e", fresh.found.name, "--yes") as running:
        until(lambda: log.exists() and "migrating the database" in log.read_text())
        time.sleep(seconds)  # into the migration
        running.kill()
        kill(*fresh.found.processes())
        running.communicate()
    fresh.assert_next_deploy_converges()


def test_a_deploy_waits_for_what_a_killed_one_still_does(fresh: Subject, until: Until) -> None:
    making = fresh.found.home / "postgres.new" / "global"
    with fresh.found.project.start("deploy", "-e", fresh.found.name, "--yes") as running:
        until(making.exists)
        for each in fresh.found.processes():
            each.suspend()  # initdb, which holds the lock, and would be too fast otherwise
        running.kill()
        running.communicate()
    with fresh.found.project.start("deploy", "-e", fresh.found.name, "--yes") as running:
        until(lambda: "create" in (running.stderr.readline() if running.stderr else ""))
        assert running.poll() is None
        for each in fresh.found.processes():
            each.resume()
        running.communicate(timeout=120)
        assert running.returncode == 0
    fresh.assert_next_deploy_converges()


def test_a_deletion_killed_halfway_is_finished_by_the_next(fresh: Subject, until: Until) -> None:
    fresh.found.deploy()
    home, words = fresh.found.home, ("teardown", "--delete-data", "--yes", "-e", "fresh")
    trash = home.with_name("fresh.deleted")
    with fresh.found.project.start(*words) as running:
        until(lambda: trash.exists() or running.poll() is not None)
        running.kill()
        running.communicate()
    assert not home.exists()
    fresh.found.run("teardown")
    assert not trash.exists()
    assert [each.name for each in home.parent.glob("fresh*")] == ["fresh.lock"]
    assert not fresh.found.processes()


@pytest.mark.parametrize("step", ["database: create", "server: start"])
def test_an_interrupted_deploy_says_how_to_go_on_and_the_next_one_does(
    fresh: Subject, step: str
) -> None:
    project, name = fresh.found.project, fresh.found.name
    with subprocess.Popen(
        project.argv("deploy", "-e", name, "--yes"),
        cwd=project.folder,
        env=project.environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # `pytest &` ignores it
    ) as running:
        assert running.stderr
        said = ""
        while step not in said:
            line = running.stderr.readline()
            assert line, f"it ended before '{step}': {said}"
            said += line
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does: to all in the foreground
        out, rest = running.communicate(timeout=60)
    assert running.returncode == 130
    assert out == ""
    assert f"interrupted: {name} on local is somewhere between" in rest
    assert f"mlops-infra status -e {name}" in rest
    assert f"mlops-infra deploy -e {name}" in rest
    assert "Traceback" not in rest
    fresh.assert_next_deploy_converges()
