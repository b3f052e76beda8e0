"""The command line over the engine that records: every command, no cloud, no server."""

from __future__ import annotations

import contextlib
import io
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import pytest

from mlops_infra.cli.app import run
from mlops_infra.cli.options import Session
from mlops_infra.engines.recording import RecordingEngine
from tests.conftest import ENVIRONMENTS

if TYPE_CHECKING:
    from pathlib import Path

VARIABLES = (
    *("MLOPS_INFRA_ENV", "MLOPS_INFRA_CLOUD", "CI"),
    *("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"),
)
"""What changes how a command behaves."""

SUBSCRIPTION = "12345678-9abc-def0-1234-56789abcdef0"


@dataclass(frozen=True)
class Answer:
    """What one command line came to."""

    code: int
    stdout: str
    stderr: str


class Written(io.TextIOWrapper):
    """A stream that remembers; no terminal."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    def text(self) -> str:
        return self.buffer.getvalue().decode()  # ty: ignore[missing-attribute] - a BytesIO


@dataclass
class CommandLine:
    """`mlops-infra` in a project of its own, with an engine that touches nothing."""

    folder: Path
    engine: RecordingEngine = field(default_factory=RecordingEngine)

    def __call__(self, *argv: str) -> Answer:
        out, err = Written(), Written()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(
                [*argv[:1], *self._where(argv), *argv[1:]],
                session=Session(engine_for=lambda _: self.engine),
            )
        return Answer(code=code, stdout=out.text(), stderr=err.text())

    def let_in(self, repository: str) -> None:
        """Name the repository whose workflows deploy dev."""
        file = self.folder / "environments" / "dev.yaml"
        file.write_text(f"{file.read_text('utf-8')}\nci: {{github: {repository}}}\n", "utf-8")

    def _where(self, argv: tuple[str, ...]) -> list[str]:
        is_command = bool(argv) and not argv[0].startswith("-") and argv[0] != "init"
        return ["-C", str(self.folder)] if is_command else []


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """The command line, with the shipped environments and without this shell's variables."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    shutil.copytree(ENVIRONMENTS, tmp_path / "environments")
    return CommandLine(tmp_path)


@dataclass
class EmptyFolder(CommandLine):
    """`mlops-infra init` in an empty folder, on a machine with no programs but those of a test."""

    ACCOUNTS: ClassVar = {
        "local": (),
        "aws": ("--account", "012345678901", "--region", "us-east-2"),
        "azure": ("--account", SUBSCRIPTION, "--region", "northeurope"),
        "gcp": ("--account", "some-project", "--region", "us-central1"),
    }

    def program(self, name: str, *lines: str) -> None:
        """Put a program on the PATH."""
        file = self.folder.parent / "bin" / name
        file.write_text("\n".join(["#!/bin/sh", *lines, ""]))
        file.chmod(0o755)

    @property
    def files(self) -> list[str]:
        found = (each for each in self.folder.rglob("*") if each.is_file())
        return sorted(str(each.relative_to(self.folder)) for each in found)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EmptyFolder:
    """An empty folder, which is the working folder."""
    folder, bin_dir = tmp_path / "platform", tmp_path / "bin"
    for each in (folder, bin_dir):
        each.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PATH", str(bin_dir))
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return EmptyFolder(folder)
