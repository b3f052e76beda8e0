"""The wheel alone: what somebody has who installed the package and cloned nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ENVIRONMENTS, REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path


def run(*argv: str, folder: Path, env: dict[str, str]) -> str:
    done = subprocess.run(
        argv, cwd=folder, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_wheel_deploys_from_a_folder_with_one_environment_file(tmp_path: Path) -> None:
    uv = shutil.which("uv", path=str(REPOSITORY / ".venv" / "bin")) or shutil.which("uv")
    assert uv, "uv is not installed: make setup"
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    env.pop("VIRTUAL_ENV", None)
    wheels = tmp_path / "wheels"
    run(uv, "build", "--quiet", "--wheel", f"--out-dir={wheels}", folder=REPOSITORY, env=env)
    (wheel,) = wheels.glob("*.whl")
    venv = tmp_path / "venv"
    run(uv, "venv", "--quiet", str(venv), folder=tmp_path, env=env)
    python = f"--python={venv / 'bin' / 'python'}"
    pins = f"--constraint={REPOSITORY / 'requirements.txt'}"
    run(uv, "pip", "install", "--quiet", python, pins, f"{wheel}[local]", folder=tmp_path, env=env)

    project = tmp_path / "project"
    (project / "environments").mkdir(parents=True)
    shutil.copy(ENVIRONMENTS / "dev.yaml", project / "environments")
    command = str(venv / "bin" / "mlops-infra")
    where = ("-e", "dev", "--cloud", "local")
    try:
        uri = run(command, "deploy", *where, "--yes", folder=project, env=env).strip()
        assert uri == run(command, "tracking-uri", *where, folder=project, env=env).strip()
        report = run(command, "smoke", *where, folder=project, env=env)
        assert "FAIL" not in report
    finally:
        run(command, "teardown", *where, "--delete-data", "--yes", folder=project, env=env)
