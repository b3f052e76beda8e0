"""Puts fake-gcs-server, which the tests keep Pulumi's state in, into the user's cache folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from mlops_infra.engines import process
from mlops_infra.engines.pulumi.cli import go_toolchain

VERSION = "1.56.1"


def program() -> Path:
    """Return the program; the first call builds it, a minute or two."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = cache / "mlops-infra" / "fake-gcs-server"
    found = home / VERSION
    if not found.exists():
        home.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=home) as folder, go_toolchain() as go:
            env = {**os.environ, "CGO_ENABLED": "0", "GOBIN": folder, "GOFLAGS": "-modcacherw"}
            process.run(
                [go, "install", f"github.com/fsouza/fake-gcs-server@v{VERSION}"],
                env=env,
                hint="give Go's module proxy with GOPROXY",
            )
            (Path(folder) / "fake-gcs-server").rename(found)
    return found


if __name__ == "__main__":
    sys.stdout.write(f"{program()}\n")
