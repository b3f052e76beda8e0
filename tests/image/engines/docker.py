"""Docker, or Podman, which takes the same words."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tests.image.engines.image import Container

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CONFINED = "--network=host --read-only --tmpfs=/tmp --cap-drop=ALL --security-opt=no-new-privileges"

PULL_SECONDS = 120
"""For the 45 MB of the base, where it isn't there yet."""


def find(base: str) -> str | None:
    """Return the first that can run the base image: only that proves a daemon and a registry."""
    return next((name for name in ("docker", "podman") if _works(name, base)), None)


def _works(program: str, base: str) -> bool:
    if not shutil.which(program):
        return False
    probe = [program, "run", "--rm", *CONFINED.split(), base, "true"]
    try:
        done = subprocess.run(probe, capture_output=True, check=False, timeout=PULL_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def build(program: str, context: Path, *, name: str) -> DockerImage:
    """Build the Dockerfile in `context`."""
    subprocess.run([program, "build", "--tag", name, str(context)], check=True)
    listing = [program, "images", "--format={{.Size}}", name]
    done = subprocess.run(listing, check=True, capture_output=True, text=True)
    return DockerImage(program=program, name=name, size=done.stdout.split("\n")[0])


@dataclass(frozen=True, kw_only=True)
class DockerImage:
    """An `Image` in Docker's store."""

    program: str
    name: str
    size: str

    def start(self, *words: str, variables: Mapping[str, str], log: Path) -> Container:
        name = f"{self.name}-{secrets.token_hex(4)}"
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [*self._run(variables), "--name", name, self.name, *words],
                env={**os.environ, **variables},
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        signal = partial(subprocess.run, capture_output=True, check=False)
        return Container(
            process=process,
            terminate=lambda: _ignore(signal([self.program, "kill", "--signal=TERM", name])),
            kill=lambda: _ignore(signal([self.program, "rm", "--force", name])),
        )

    def python(self, script: str, *, variables: Mapping[str, str] | None = None) -> str:
        variables = variables or {}
        done = subprocess.run(
            [*self._run(variables), "--entrypoint=python", self.name, "-c", script],
            env={**os.environ, **variables},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def _run(self, variables: Mapping[str, str]) -> list[str]:
        """Return the command up to the image; values come by the environment, as secrets must."""
        names = (word for name in variables for word in ("--env", name))
        own = ["--read-only-tmpfs=false"] if self.program == "podman" else []
        return [self.program, "run", "--rm", *CONFINED.split(), *own, *names]


def _ignore(_: object) -> None:
    """The container may have ended meanwhile."""
