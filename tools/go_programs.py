"""Puts programs written in Go into the user's cache folder: built once for each user."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from mlops_infra.engines import process
from mlops_infra.engines.pulumi.cli import go_toolchain


def program(package: str, version: str) -> Path:
    """Return the program of a Go package; the first call builds it, a minute or two."""
    name = package.rpartition("/")[2]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = cache / "mlops-infra" / name
    found = home / version
    if not found.exists():
        home.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=home) as folder, go_toolchain() as go:
            env = {**os.environ, "CGO_ENABLED": "0", "GOBIN": folder, "GOFLAGS": "-modcacherw"}
            process.run(
                [go, "install", f"{package}@v{version}"],
                env=env,
                hint="give Go's module proxy with GOPROXY",
            )
            (Path(folder) / name).rename(found)
    return found
