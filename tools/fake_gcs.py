"""Puts fake-gcs-server, which the tests keep Pulumi's state in, into the user's cache folder."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tools import go_programs

if TYPE_CHECKING:
    from pathlib import Path


def program() -> Path:
    """Return the program; the first call builds it, a minute or two."""
    return go_programs.program("github.com/fsouza/fake-gcs-server", "1.56.1")


if __name__ == "__main__":
    sys.stdout.write(f"{program()}\n")
