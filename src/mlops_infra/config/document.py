"""One environment file while it is checked: the line of each key, and the problems so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.config.wording import Keys, dotted
from mlops_infra.errors import Problem

if TYPE_CHECKING:
    from pathlib import Path


class Refused:
    """Stands for a value that is reported already: valid nowhere, and not reported again."""

    def __repr__(self) -> str:
        return "..."


REFUSED = Refused()


class Document:
    """Collects what is found out about a file. `refused` has the keys with a REFUSED value."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lines: dict[Keys, int] = {}
        self.refused: set[Keys] = set()
        self.problems: list[Problem] = []

    def line_of(self, keys: Keys) -> int:
        """The line of a key, or of the nearest one above it that is in the file."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return self.lines.get(keys, 1)

    def report(self, keys: Keys, message: str, *, allowed: str = "", line: int = 0) -> None:
        """Adds a problem, at the key's line unless another is given."""
        self.problems.append(
            Problem(
                file=self.file,
                line=line or self.line_of(keys),
                path=dotted(keys),
                message=message,
                allowed=allowed,
            )
        )

    def refuse(self, keys: Keys, message: str, *, allowed: str) -> object:
        """Reports a value that is not to be looked at any further; returns what to put there."""
        self.report(keys, message, allowed=allowed)
        self.refused.add(keys)
        return REFUSED
