"""An emulated cloud and projects in it: what the commands for a cloud are measured on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import yaml

from tools.bench.project import COMMAND, REPOSITORY, clean_environ

if TYPE_CHECKING:
    from types import TracebackType

MODEL = "modelled"
"""The environment that is deployed by the command; the others are copies of it."""
IMAGE = "ghcr.io/example/mlflow-server:3.17.2"
"""Nothing is built here."""


class Emulated:
    """Alive inside a `with` block; everything of it is gone at the end."""

    cloud: str
    other_name: str
    """What `preview` runs."""
    most: float
    """How many times that long a plan may take."""

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="mlops-infra-bench-")).resolve()
        with ExitStack() as stack:
            stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self.variables = self.open(stack)
            self._open = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def open(self, stack: ExitStack) -> dict[str, str]:
        """Open the cloud; return what leads to it."""
        raise NotImplementedError

    def preview(self, folder: Path) -> float:
        """Run what a plan is compared with, on the model, and return its seconds."""
        raise NotImplementedError

    def copy(self, source: Path, names: list[str], projects: list[Path]) -> None:
        """Have copies of the model that `source` has deployed, for all the `projects`."""
        raise NotImplementedError

    def section(self) -> dict[str, Any]:
        """Return what an environment says of the cloud besides what the shipped dev does."""
        return {}

    def project(self, name: str, environments: list[str]) -> Path:
        """Write a project with environments like the shipped dev."""
        folder = self.folder / name
        (folder / "environments").mkdir(parents=True)
        shutil.copy(REPOSITORY / "cdk.json", folder)
        document = yaml.safe_load((REPOSITORY / "environments" / "dev.yaml").read_text())
        document |= {"image": IMAGE}
        document[self.cloud] |= self.section()
        for each in environments:
            text = yaml.safe_dump({**document, "name": each}, sort_keys=False)
            (folder / "environments" / f"{each}.yaml").write_text(text)
        return folder

    def command(self, folder: Path, *words: str, codes: tuple[int, ...] = (0,)) -> float:
        """Run `mlops-infra` in a project, and return its seconds."""
        return self.run([COMMAND, *words], folder, codes=codes)

    def run(self, words: list[Any], folder: Path, *, codes: tuple[int, ...] = (0,)) -> float:
        """Run a program to its end, and return its seconds.

        Raises:
            RuntimeError: it ended with another exit code.
        """
        programs = (Path(sys.executable).parent, REPOSITORY / "node_modules" / ".bin")
        path = os.pathsep.join([*map(str, programs), os.environ["PATH"]])
        environ = {**clean_environ(), **self.variables, "PATH": path}
        began = time.perf_counter()
        done = subprocess.run(  # noqa: S603 - our own command and the clouds', with our own words
            [str(word) for word in words],
            cwd=folder,
            env={**environ, "PYTHONPATH": str(REPOSITORY), "MLOPS_INFRA_CLOUD": self.cloud},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - began
        if done.returncode not in codes:
            raise RuntimeError(f"{words}: {done.returncode}\n{done.stderr}{done.stdout}")
        return seconds
