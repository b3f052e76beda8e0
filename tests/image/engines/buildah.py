"""Buildah and Bubblewrap: an image without a daemon, and a container without cgroups.

Buildah builds in a plain chroot. Its own `run` would leave the root file system writable, so what
it has built is run by Bubblewrap: bound read-only, in namespaces of its own, the entry point as
process 1, and by `setpriv` as the image's declared user without a single capability.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_infra.errors import PrerequisiteError
from tests.image.engines import base as debian
from tests.image.engines import packages
from tests.image.engines.image import Container

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

CACHE = Path.home() / ".cache" / "mlops-infra" / "buildah"
"""Images and layers, apart from the machine's own. Without it a run takes 3 minutes more."""

PROGRAMS = ("buildah", "debootstrap", "bwrap")
PACKAGES = ("buildah", "debootstrap", "bubblewrap")
OTHERWISE = "start Docker"

UNPRIVILEGED = "--clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all"


@contextmanager
def build(context: Path, *, name: str, base: str) -> Generator[BuildahImage]:
    """Build the Dockerfile in `context` over a base made here, and mount it until the end.

    Raises:
        PrerequisiteError: a program is missing and may not be installed, or this is not root.
    """
    packages.need(*PACKAGES, find=lambda: all(map(shutil.which, PROGRAMS)), otherwise=OTHERWISE)
    if os.geteuid() != 0:
        raise PrerequisiteError("only root makes a base image here", hint=OTHERWISE)
    local = f"localhost/{base}"
    if local not in _run("images", "--format={{.Name}}:{{.Tag}}").split():
        with _mounted("scratch") as (container, root):
            debian.fill(root)
            _run("commit", "--quiet", container, local)
    flags = ["--layers", "--isolation=chroot", "--network=host", f"--build-arg=BASE={local}"]
    certificates = "--volume=/etc/ssl/certs:/etc/ssl/certs:ro"  # a proxy's, where there is one
    _run("build", *flags, certificates, f"--tag={name}", str(context))
    size = _run("images", "--format={{.Size}}", name).strip()
    config = json.loads(_run("inspect", "--type=image", name))["OCIv1"]["config"]
    with _mounted(name) as (_, root):
        yield BuildahImage(root=root, config=config, size=size)


@dataclass(frozen=True, kw_only=True)
class BuildahImage:
    """An `Image` that is mounted at `root`."""

    root: Path
    config: Mapping[str, Any]
    size: str

    def start(self, *words: str, variables: Mapping[str, str], log: Path) -> Container:
        read, write = os.pipe()
        with log.open("wb") as sink, os.fdopen(read) as told:
            process = subprocess.Popen(
                self._command(
                    *self.config["Entrypoint"], *words, options=["--info-fd", str(write)]
                ),
                env=self._environ(variables),
                pass_fds=[write],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            os.close(write)
            state = told.read()
            assert state, f"bwrap ended with {process.wait()}: {log.read_text()}"
        first = json.loads(state)["child-pid"]  # the container's process 1, as seen from here
        return Container(
            process=process,
            terminate=lambda: _send(signal.SIGTERM, first),
            kill=lambda: _send(signal.SIGKILL, first),
        )

    def python(self, script: str, *, variables: Mapping[str, str] | None = None) -> str:
        done = subprocess.run(
            self._command("python", "-c", script),
            env=self._environ(variables or {}),
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def _environ(self, variables: Mapping[str, str]) -> dict[str, str]:
        return {**dict(each.split("=", 1) for each in self.config["Env"]), **variables}

    def _command(self, *words: str, options: list[str] | None = None) -> list[str]:
        user, group = self.config["User"].split(":")
        bwrap = shutil.which("bwrap") or "bwrap"  # the PATH of `env` is the image's
        return [
            *(bwrap, "--ro-bind", str(self.root), "/", "--chdir", "/"),
            *("--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"),
            *("--perms", "1777", "--tmpfs", "/tmp"),
            *("--unshare-pid", "--unshare-ipc", "--unshare-uts"),
            *("--as-pid-1", *(options or [])),
            *("setpriv", f"--reuid={user}", f"--regid={group}", *UNPRIVILEGED.split(), *words),
        ]


def _send(sign: signal.Signals, first: int) -> None:
    """Signal a container's first process: all the others, and `bwrap` itself, end with it."""
    with suppress(ProcessLookupError):
        os.kill(first, sign)


@contextmanager
def _mounted(image: str) -> Generator[tuple[str, Path]]:
    container = _run("from", image).strip()
    try:
        yield container, Path(_run("mount", container).strip())
    finally:
        _run("rm", container)


def _run(*words: str) -> str:
    CACHE.mkdir(parents=True, exist_ok=True)
    store = [f"--root={CACHE}/images", f"--runroot={CACHE}/run", "--storage-driver=overlay"]
    done = subprocess.run(["buildah", *store, *words], check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"buildah {words}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout
