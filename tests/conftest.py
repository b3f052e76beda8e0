"""What tests share: a project folder to run the real command in, and one live environment."""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from mlops_infra.__main__ import OBJECTS_BEFORE_COLLECTION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

gc.set_threshold(OBJECTS_BEFORE_COLLECTION)  # as the command has it

REPOSITORY = Path(__file__).parents[1]
ENVIRONMENTS = REPOSITORY / "environments"


def shipped(name: str, *changes: Mapping[str, Any]) -> dict[str, Any]:
    """Read a shipped environment, with `changes` on top of it, in order, section by section."""
    document = yaml.safe_load((ENVIRONMENTS / f"{name}.yaml").read_text())
    for key, value in (item for changed in changes for item in changed.items()):
        is_section = isinstance(value, dict) and isinstance(document.get(key), dict)
        document[key] = {**document[key], **value} if is_section else value
    return document


@dataclass(frozen=True)
class Project:
    """A folder with `environments/` in it, and the installed command run there as a user would."""

    folder: Path

    def argv(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "mlops_infra", *words]

    def environ(self, **more: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return {**kept, "MLOPS_INFRA_CLOUD": "local", **more}

    def run(
        self, *words: str, code: int | None = 0, **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Run one command without a terminal; `code` is the exit code it must end with."""
        done = subprocess.run(
            self.argv(*words),
            cwd=self.folder,
            env=self.environ(**more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        if code is not None:
            assert done.returncode == code, (
                f"{words}: {done.returncode}\n{done.stderr}{done.stdout}"
            )
        return done

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        """Start one command and do not wait for it."""
        return subprocess.Popen(
            self.argv(*words),
            cwd=self.folder,
            env=self.environ(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def write(self, name: str, changes: dict[str, Any] | None = None, *, like: str = "dev") -> Path:
        """Write environment `name`: a shipped one with some keys changed, section by section."""
        document = shipped(like, {"name": name}, changes or {})
        file = self.folder / "environments" / f"{name}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(yaml.safe_dump(document, sort_keys=False))
        return file

    def home(self, name: str) -> Path:
        return self.folder / ".mlops-infra" / "local" / name

    def variables(self, name: str) -> dict[str, str]:
        """What `login` gives a client."""
        return json.loads(self.run("login", "-e", name, "--format", "json").stdout)

    def destroy(self) -> None:
        """Take every environment down, data and all; whatever state a test left it in."""
        for file in (self.folder / "environments").glob("*.yaml"):
            file.write_text(file.read_text().replace("protected: true", "protected: false"))
            self.run("teardown", "-e", file.stem, "--delete-data", "--yes", code=None)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """An empty project of this test's own; whatever it deploys is gone afterwards."""
    (tmp_path / "environments").mkdir()
    found = Project(tmp_path)
    try:
        yield found
    finally:
        found.destroy()


@dataclass(frozen=True)
class Live:
    """An environment that is up, with two workers and basic auth: shared, so leave it as it was."""

    project: Project
    name: str
    uri: str
    variables: dict[str, str]

    @property
    def login(self) -> tuple[str, str]:
        return (
            self.variables["MLFLOW_TRACKING_USERNAME"],
            self.variables["MLFLOW_TRACKING_PASSWORD"],
        )


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The shipped staging environment, deployed once for all tests that only use it."""
    project = Project(tmp_path_factory.mktemp("live"))
    shutil.copytree(ENVIRONMENTS, project.folder / "environments")
    try:
        uri = project.run("deploy", "-e", "staging", "--yes").stdout.strip()
        yield Live(project=project, name="staging", uri=uri, variables=project.variables("staging"))
    finally:
        project.destroy()


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Wait for something that is about to happen; fails after 90 s, which a busy machine needs."""

    def wait(happens: Callable[[], bool]) -> None:
        Retrying(
            retry=retry_if_result(lambda done: not done),
            stop=stop_after_delay(90),
            wait=wait_fixed(0.05),
        )(happens)

    return wait
