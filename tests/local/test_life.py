"""The life of an environment, from the first deploy until nothing is left of it."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.conftest import Project
from tests.local.conftest import FASTEST, Deployment, alive, environ_of, words
from tests.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

TWO_WORKERS = {"server": {"cpu": 2, "memory_gib": 4}, "database": {"size": "small"}}


@pytest.fixture(scope="module")
def dev(shared: Project) -> Deployment:
    """The shipped dev environment, with a login and one run."""
    shared.write("dev")
    found = Deployment(shared, "dev")
    found.deploy()
    found.log_run("first")
    return found


def secrets_of(found: Deployment) -> set[str]:
    return set(json.loads((found.home / "secrets.json").read_text()).values())


def test_an_environment_lives_through_change_and_teardown(shared: Project) -> None:
    shared.write("life", FASTEST)
    life = Deployment(shared, "life")
    assert "not deployed" in life.run("status", code=1)
    assert "database  create: there is none yet" in life.run("plan", code=2)
    assert not life.home.exists()  # a plan changes nothing

    life.deploy()
    uri = life.uri
    life.log_run("first")
    assert "nothing to do" in life.run("plan")
    before = life.processes()
    assert "nothing to do" not in life.deploy()  # silent: only the address
    assert life.processes() == before

    shared.write(
        "life",
        {
            **FASTEST,
            "server": {"auth": "none", "cpu": 2, "memory_gib": 4},
            "database": {"size": "small"},
        },
    )
    said = life.run("plan", code=2)
    assert "MLFLOW_WORKERS 1 → 2" in said
    assert "max_connections=150" in said
    assert life.processes() == before
    document = json.loads(shared.run("plan", "-e", "life", "--json", code=2).stdout)
    assert {(each["action"], each["resource"]) for each in document["changes"]} == {
        ("restart", "server"),
        ("restart", "database"),
    }
    life.deploy()
    assert life.server_heads() != before[:1]
    assert len(life.server_heads()) == len(life.postmasters()) == 1
    assert (life.uri, life.runs()) == (uri, {"first"})

    database = life.postmasters()
    shared.write("life", {**FASTEST, "database": {"size": "small"}})
    assert "database" not in life.run("plan", code=2)
    life.deploy()
    assert life.postmasters() == database  # only what changed is restarted
    assert (life.uri, life.runs()) == (uri, {"first"})

    said = life.run("teardown")
    assert "kept data: " in said
    assert ".mlops-infra/local/life" in said
    assert not life.processes()
    assert "not deployed" in life.run("status", code=1)
    assert "is not deployed" in life.run("tracking-uri", code=1)
    life.run("teardown")  # may be repeated
    assert life.home.exists()
    life.deploy()
    assert (life.uri, life.runs()) == (uri, {"first"})

    socket_dir = Path(life.socket_dir)
    life.run("teardown", "--delete-data")
    assert not life.processes()
    assert not life.home.exists()
    assert not socket_dir.exists()
    assert "nothing to do" in life.run("teardown")  # it may be repeated


def test_environments_stand_side_by_side_with_data_port_password_and_log_of_their_own(
    dev: Deployment, shared: Project
) -> None:
    shared.write("qa")
    qa = Deployment(shared, "qa")
    qa.deploy()
    qa.log_run("in qa")
    assert (dev.runs(), qa.runs()) == ({"first"}, {"in qa"})
    assert dev.uri != qa.uri
    assert not secrets_of(dev) & secrets_of(qa)
    port = dev.uri.rsplit(":", 1)[1]
    assert f"http://127.0.0.1:{port}" in dev.run("logs")
    assert f"http://127.0.0.1:{port}" not in qa.run("logs")

    reports = json.loads(shared.run("status", "--all", "--json").stdout)
    found = {each["environment"]: each for each in reports}
    assert {name: found[name]["health"] for name in ("dev", "qa")} == {
        "dev": "healthy",
        "qa": "healthy",
    }
    assert found["dev"]["tracking_uri"] == dev.uri

    qa.run("teardown", "--delete-data")
    assert dev.runs() == {"first"}
    assert not qa.processes()


def test_a_changed_secret_is_what_gets_the_administrator_in(
    dev: Deployment, shared: Project
) -> None:
    old = shared.variables(dev.name)["MLFLOW_TRACKING_PASSWORD"]
    dev.run("teardown")
    file = dev.home / "secrets.json"
    changed = {**json.loads(file.read_text()), "MLFLOW_AUTH_ADMIN_PASSWORD": "another-password"}
    file.write_text(json.dumps(changed))
    dev.deploy()  # ends with a request that the new one is good for
    assert dev.runs() == {"first"}
    assert "the password of admin is now that of" in dev.run("logs")
    search = f"{dev.uri}/api/2.0/mlflow/experiments/search?max_results=1"
    assert httpx.get(search, auth=("admin", old)).status_code == 401


def test_what_a_deploy_yields_is_told_on_stdout_alone(dev: Deployment, shared: Project) -> None:
    uri = dev.uri
    assert uri.startswith("http://127.0.0.1:")
    assert shared.run("deploy", "-e", "dev", "--yes").stdout == f"{uri}\n"
    outputs = json.loads(shared.run("outputs", "-e", "dev", "--json").stdout)
    assert outputs["tracking_uri"] == uri
    assert outputs["artifact_uri"] == (dev.home / "artifacts").as_uri()
    assert shared.run("outputs", "health_url", "-e", "dev").stdout == f"{uri}/health\n"


def test_every_file_is_its_owner_s_alone(dev: Deployment) -> None:
    assert dev.home.stat().st_mode & 0o777 == 0o700
    assert dev.home.parent.stat().st_mode & 0o777 == 0o700
    for each in dev.home.iterdir():
        assert each.stat().st_mode & 0o077 == 0, each
    assert Path(dev.socket_dir).stat().st_mode & 0o777 == 0o700
    ignored = (dev.home.parents[1] / ".gitignore").read_text()
    assert ignored == "*\n"


def test_no_secret_is_shown_but_by_login(dev: Deployment, shared: Project) -> None:
    secrets = secrets_of(dev)
    password = json.loads((dev.home / "secrets.json").read_text())["MLFLOW_AUTH_ADMIN_PASSWORD"]
    shown = [dev.run(verb) for verb in ("deploy", "plan", "status", "outputs", "logs")]
    shown += [(dev.home / name).read_text() for name in ("server.log", "database.log")]
    shown += [" ".join(words(each)) for each in alive()]
    assert not [text for text in shown for secret in secrets if secret in text]
    login = shared.run("login", "-e", "dev", "--format", "json")
    assert json.loads(login.stdout)["MLFLOW_TRACKING_PASSWORD"] == password
    assert password not in login.stderr
    with_secret = {each.pid for each in alive() if password in environ_of(each).values()}
    assert with_secret <= {each.pid for each in dev.servers()}


def test_no_secret_is_on_any_command_line_at_any_moment_of_a_first_deploy(project: Project) -> None:
    project.write("dev", FASTEST)
    dev = Deployment(project, "dev")
    seen = set()
    with project.start("deploy", "-e", "dev", "--yes") as running:
        while running.poll() is None:
            seen |= {word for each in alive() for word in words(each)}
        said = "".join(running.communicate())
    assert running.returncode == 0
    assert any("initdb" in word for word in seen)
    shown = [said, *seen]
    assert not [text for text in shown for secret in secrets_of(dev) if secret in text]


def test_a_protected_environment_is_not_torn_down(shared: Project) -> None:
    shared.write("safe", like="prod")
    for flags in ([], ["--delete-data"]):
        done = shared.run("teardown", "-e", "safe", "--yes", *flags, code=3)
        assert "protected" in done.stderr


def test_ctrl_c_at_a_teardown_s_question_leaves_all_up(dev: Deployment, shared: Project) -> None:
    asked = ("teardown", "-e", dev.name, "--cloud", "local")
    terminal = Terminal(shared.folder, *asked, path=os.environ["PATH"])
    terminal.wait_for("type 'dev' to go on: ")
    terminal.interrupt()
    assert terminal.end() == []
    assert terminal.running.returncode == 130
    assert terminal.said.endswith("cancelled\r\n")
    shared.run("status", "-e", dev.name)


def test_a_long_path_with_spaces_and_a_folder_below_the_project_will_do(tmp_path: Path) -> None:
    name = "a project of mine, 100 % #1 'ü' "
    folder = tmp_path / name / ("x" * (200 - len(f"{tmp_path}/{name}/")))
    assert len(str(folder)) == 200
    below = folder / "some" / "where"
    below.mkdir(parents=True)
    project = Project(folder)
    project.write("dev", FASTEST)
    dev = Deployment(project, "dev")
    done = subprocess.run(
        project.argv("deploy", "-e", "dev", "--yes"),
        cwd=below,
        env=project.environ(),
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        assert done.returncode == 0, done.stderr
        dev.log_run("first")
        assert dev.runs() == {"first"}
        assert len(dev.postmasters()) == 1
        assert "healthy" in dev.run("status")
        assert project.run("smoke", "-e", "dev").returncode == 0  # artifacts, too
    finally:
        project.destroy()
    assert not dev.processes()


@dataclass(frozen=True)
class Ordinary(Project):
    """A project whose commands run as who owns it: `nobody` where the tests run as root."""

    def argv(self, *words: str) -> list[str]:
        if os.geteuid():
            return super().argv(*words)
        # May read all, as the interpreter lies in root's home here; nothing else is root's.
        reads = ("--inh-caps=-all,+dac_read_search", "--ambient-caps=+dac_read_search")
        drop = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *reads]
        return [*drop, *super().argv(*words)]


@pytest.fixture
def ordinary() -> Iterator[Ordinary]:
    with TemporaryDirectory() as folder:
        if not os.geteuid():
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        project = Ordinary(Path(folder))
        yield project
        project.destroy()


def test_an_ordinary_user_can_do_all_of_it(ordinary: Ordinary) -> None:
    file = ordinary.write("dev")
    shutil.copy(file, ordinary.folder)
    dev = Deployment(ordinary, "dev")
    dev.deploy()
    dev.log_run("first")
    assert dev.runs() == {"first"}
    owner = ordinary.folder.owner()
    assert owner != "root"
    assert {each.username() for each in dev.processes()} == {owner}
    assert {each.owner() for each in dev.home.rglob("*")} == {owner}
    assert "nothing to do" in dev.run("plan")
    dev.run("teardown", "--delete-data")
    assert not dev.processes()


def test_a_torn_down_environment_frees_its_port(shared: Project) -> None:
    shared.write("port", FASTEST)
    port = Deployment(shared, "port")
    port.deploy()
    number = port.state()["port"]
    port.run("teardown", "--delete-data")
    with socket.create_server(("127.0.0.1", number)):
        pass
