"""The artifact store: a folder that only the server reads and writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Artifacts:
    """What a bucket is in the clouds."""

    def __init__(self, *, home: Path) -> None:
        self.folder = home / "artifacts"

    @property
    def uri(self) -> str:
        """Where MLflow puts artifacts."""
        return str(self.folder)
