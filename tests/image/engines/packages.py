"""Debian's packages: installs what is missing where this user may, else names it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mlops_infra.errors import PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Callable

Found = TypeVar("Found")

LOCK = Path(tempfile.gettempdir(), "mlops-infra-packages.lock")


def need(*packages: str, find: Callable[[], Found | None], otherwise: str) -> Found:
    """Return what `find` finds; where that is nothing, install the packages and look again.

    Raises:
        PrerequisiteError: still nothing, or this is no root on Debian; `otherwise` says what else
            would do.
    """
    found = find()
    if found:
        return found
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        with LOCK.open("w") as lock:  # apt-get does not wait for another test's
            flock(lock, LOCK_EX)
            if not find():
                subprocess.run(["apt-get", "update", "-qq"], env=environ, check=False)
                subprocess.run(install, env=environ, check=False)
        found = find()
        if found:
            return found
    raise PrerequisiteError(
        f"not all there is of {', '.join(packages)}",
        hint=f"{otherwise}, or as root of a Debian: {' '.join(install)}",
    )
