"""An emulated Azure or Google Cloud, and projects in it: where the commands there are measured."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from mlops_infra.engines.pulumi import cli
from mlops_infra.rehearsal.pulumi import EmulatedClouds
from tools.bench.project import COMMAND, REPOSITORY, clean_environ

if TYPE_CHECKING:
    from types import TracebackType

MODEL = "modelled"
"""The environment that is deployed by the command; the others are copies of its state."""

STATE = {"url": "file://state", "secrets_provider": "passphrase"}


class Stacks:
    """Alive inside a `with` block; everything of it is gone at the end."""

    def __init__(self, cloud: str) -> None:
        self.cloud = cloud

    def __enter__(self) -> Stacks:
        self.folder = Path(tempfile.mkdtemp(prefix="mlops-infra-bench-")).resolve()
        provider = f"mlops_infra.rehearsal.{self.cloud}"
        self._clouds = EmulatedClouds(self.folder / "cloud", provider, runs=False).__enter__()
        self._pulumi = cli.find_or_install()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._clouds.__exit__(kind, error, trace)
        shutil.rmtree(self.folder, ignore_errors=True)

    def project(self, name: str, environments: list[str]) -> Path:
        """Write a project with environments like the shipped dev, and a state in its folder."""
        folder = self.folder / name
        (folder / "environments").mkdir(parents=True)
        document = yaml.safe_load((REPOSITORY / "environments" / "dev.yaml").read_text())
        document |= {"image": "ghcr.io/example/mlflow-server:3.17.2"}  # nothing is built here
        document[self.cloud]["state"] = STATE
        for each in environments:
            text = yaml.safe_dump({**document, "name": each}, sort_keys=False)
            (folder / "environments" / f"{each}.yaml").write_text(text)
        return folder

    def copy(self, source: Path, target: Path, names: list[str]) -> None:
        """Put copies of the model's state in another project, as environments of other names."""
        stacks = Path("state", ".pulumi", "stacks", "mlops")
        body = (source / stacks / f"{MODEL}.json").read_text()
        shutil.copytree(source / "state", target / "state")
        (target / stacks / f"{MODEL}.json").unlink()
        for name in names:
            (target / stacks / f"{name}.json").write_text(body.replace(MODEL, name))

    def command(self, folder: Path, *words: str, codes: tuple[int, ...] = (0,)) -> float:
        """Run `mlops-infra` in a project, and return its seconds."""
        return self._run([COMMAND, *words], folder, codes=codes)

    def preview(self, folder: Path) -> float:
        """Preview the model by Pulumi's Automation API and nothing else, and return its seconds."""
        words = [sys.executable, "-m", "tools.bench.by_hand", folder, MODEL, self.cloud]
        return self._run([*words, self._pulumi], folder)

    def _run(self, words: list[Any], folder: Path, *, codes: tuple[int, ...] = (0,)) -> float:
        began = time.perf_counter()
        done = subprocess.run(  # noqa: S603 - our own commands, with our own words
            [str(word) for word in words],
            cwd=folder,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - began
        if done.returncode not in codes:
            raise RuntimeError(f"{words}: {done.returncode}\n{done.stderr}{done.stdout}")
        return seconds

    @property
    def _environ(self) -> dict[str, str]:
        return {
            **clean_environ(),
            **self._clouds.environ,
            "PYTHONPATH": str(REPOSITORY),
            "PULUMI_HOME": str(self.folder / "pulumi-home"),
            "PULUMI_CONFIG_PASSPHRASE": "of a benchmark",
            "MLOPS_INFRA_CLOUD": self.cloud,
        }
