"""Why a server or database did not come up: its log's last lines, or a disk that is full."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from mlops_infra.errors import UnhealthyError

if TYPE_CHECKING:
    from pathlib import Path

FULL_MIB = 8
"""With less free space neither a log line nor a block of the database can be counted on."""


def is_full(folder: Path) -> bool:
    """Whether the disk of `folder` is full, so that nothing comes up there."""
    return shutil.disk_usage(folder).free < FULL_MIB * 2**20


def unhealthy(what: str, *, log: Path) -> UnhealthyError:
    """Return the error of a program that writes to `log`."""
    full = f": no space left on the disk of {log.parent}" if is_full(log.parent) else ""
    return UnhealthyError(f"{what}{full}\n{_tail(log)}".rstrip(), hint=f"the whole log: {log}")


def _tail(log: Path, *, lines: int = 8) -> str:
    """Return the last lines of a log, indented; what a failing program says about itself."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(f"  {line}" for line in text.strip().splitlines()[-lines:])
