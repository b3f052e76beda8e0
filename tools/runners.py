"""Sees to it that the tests can check and run the workflows: `make runners`.

actionlint and act, which runs a workflow without GitHub, are built into the user's cache folder.
gh and jq are what a runner of GitHub's has on its PATH.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from tools import go_programs

if TYPE_CHECKING:
    from pathlib import Path

ON_PATH = ("gh", "jq")


def actionlint() -> Path:
    """Return the program that checks workflows."""
    return go_programs.program("github.com/rhysd/actionlint/cmd/actionlint", "1.7.12")


def act() -> Path:
    """Return the program that runs workflows."""
    return go_programs.program("github.com/nektos/act", "0.2.89")


def main() -> int:
    """Return 0 when all is there, found, built or, for root on Debian, installed; else 1."""
    actionlint()
    act()
    apt = shutil.which("apt-get")
    if _missing() and apt and os.geteuid() == 0:
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        words = ["install", "-y", "-qq", "--no-install-recommends", *_missing()]
        for argv in ([apt, "update", "-qq"], [apt, *words]):
            subprocess.run(argv, env=environ)  # noqa: S603 - fixed commands
    for name in _missing():
        sys.stderr.write(f"no {name}: install it from your system's packages\n")
    return 1 if _missing() else 0


def _missing() -> list[str]:
    return [name for name in ON_PATH if shutil.which(name) is None]


if __name__ == "__main__":
    sys.exit(main())
