"""From the wheel and an empty folder to a tracking URI, on every cloud in three steps at most."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import REPOSITORY
from tests.rehearsal.pulumi.platforms import nothing_made

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rehearsal.aws.account import Account
    from tests.rehearsal.pulumi.platforms import Platform

pytestmark = pytest.mark.slow

MOST_STEPS = 3
SUBSCRIPTION = "12345678-9abc-def0-1234-56789abcdef0"
NO_BUILDER = {"CDK_DOCKER": "true"}
"""Builds nothing and pushes nothing: what an emulated server runs is on this machine already."""

NODE = {"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1", "NODE_NO_WARNINGS": "1"}


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of the built wheel, alone in an environment; its libraries are this one's."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    uv, venv = [sys.executable, "-m", "uv", "--quiet"], folder / "venv"
    subprocess.run([*uv, "venv", str(venv)], check=True)
    python = str(venv / "bin" / "python")
    install = ["pip", "install", "--no-deps", "--python", python, str(wheel)]
    subprocess.run([*uv, *install], check=True)
    (packages,) = venv.glob("lib/*/site-packages")
    # Python heeds no .pth in a folder that a .pth names: not that of this repository's sources.
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    where = [python, "-c", "import mlops_infra; print(mlops_infra.__file__)"]
    found = subprocess.run(where, cwd=folder, check=True, capture_output=True, text=True).stdout
    assert Path(found).is_relative_to(venv)
    return venv / "bin" / "mlops-infra"


@dataclass
class Newcomer:
    """Somebody in an empty folder who has installed the package."""

    command: Path
    folder: Path
    cloud: dict[str, str]
    """What reaching the account takes."""
    steps: list[str] = field(default_factory=list)

    @property
    def machine(self) -> dict[str, str]:
        return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}

    @property
    def environ(self) -> dict[str, str]:
        return {**self.machine, **self.cloud}

    def step(self, *words: str, code: int = 0) -> tuple[str, str]:
        """Take one; return what it printed, and what it said."""
        self.steps.append(words[0])
        return self.run(*words, code=code)

    def run(self, *words: str, code: int = 0) -> tuple[str, str]:
        done = subprocess.run(
            [str(self.command), *words],
            cwd=self.folder,
            env=self.machine if words[0] == "init" else self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == code, f"{words}\n{done.stdout}\n{done.stderr}"
        return done.stdout, done.stderr

    def write_state(self, **state: str) -> None:
        """Change what the emulator has not got: a service for keys, or any name for a store."""
        file = self.folder / "environments" / "dev.yaml"
        text = file.read_text()
        for key, value in state.items():
            text = re.sub(rf"(?m)^    {key}: \S+", f"    {key}: {value}", text)
        file.write_text(text)


def test_aws_with_stack_code_of_ones_own(command: Path, account: Account, tmp_path: Path) -> None:
    person = Newcomer(command, tmp_path, {**account.aws.environ, **NODE, **NO_BUILDER})
    where = ("--account", account.aws.account, "--region", "eu-west-3", "--project", "steps")
    person.step("init", "--cloud", "aws", *where, "--with-stacks")
    assert "create: cdk bootstrap" in person.step("bootstrap", "-e", "dev", "--yes")[1]
    _, said = person.step("deploy", "-e", "dev", "--yes", code=1)
    assert "the server cannot be reached" in said  # for this account runs none
    assert person.run("tracking-uri", "-e", "dev")[0].startswith("https://")
    assert len(person.steps) <= MOST_STEPS
    by_hand = subprocess.run(
        ["npx", "cdk", "-c", "env=dev", "diff", "--fail"],
        cwd=tmp_path,
        env={**person.environ, "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "There were no differences" in by_hand.stdout + by_hand.stderr


def test_google_cloud_to_a_server_that_answers(
    command: Path, platform: Callable[..., Platform], tmp_path: Path
) -> None:
    found = platform("gcp", runs=True)
    person = Newcomer(command, tmp_path, {**found.environ, **NO_BUILDER})
    where = ("--account", "steps-project", "--region", "europe-west4", "--project", "steps")
    person.step("init", "--cloud", "gcp", *where)
    person.step("bootstrap", "-e", "dev", "--yes")
    person.write_state(secrets_provider="passphrase")
    uri, _ = person.step("deploy", "-e", "dev", "--yes")
    assert uri == person.run("tracking-uri", "-e", "dev")[0]
    assert "healthy" in person.run("status", "-e", "dev")[0]
    assert len(person.steps) <= MOST_STEPS


def test_azure(command: Path, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    with nothing_made("azure", tmp_path / "cloud") as (clouds, store):
        environ = {**clouds.environ, **store.environ, **NO_BUILDER}
        environ |= {"PULUMI_CONFIG_PASSPHRASE": "correct", "PULUMI_HOME": str(tmp_path / "pulumi")}
        person = Newcomer(command, folder, environ)
        where = ("--account", SUBSCRIPTION, "--region", "westeurope", "--project", "steps")
        person.step("init", "--cloud", "azure", *where)
        person.step("bootstrap", "-e", "dev", "--yes")
        person.write_state(url=store.url, secrets_provider="passphrase")
        _, said = person.step("deploy", "-e", "dev", "--yes", code=1)
        assert "the server cannot be reached" in said  # for this cloud runs none
        assert person.run("tracking-uri", "-e", "dev")[0].startswith("https://")
        assert len(person.steps) <= MOST_STEPS
