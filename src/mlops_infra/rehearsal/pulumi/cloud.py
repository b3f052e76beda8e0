"""What is there in the emulated clouds: one SQLite file that outlives engines and emulator.

Resources are kept by type and id, never by URN: so what no state file knows any more is still
there, a second resource of the same name clashes, and a test can change one by hand.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_infra.rehearsal.pulumi.description import Properties

TABLE = """
CREATE TABLE IF NOT EXISTS resources (
    kind TEXT, id TEXT, inputs TEXT, outputs TEXT, PRIMARY KEY (kind, id)
)
"""
WAIT_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One thing in the cloud: what it was made from, and what the cloud added."""

    inputs: Properties
    outputs: Properties


class Cloud:
    """The resources of all emulated clouds. Any process may open the same file."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file
        self._do(TABLE)

    def get(self, kind: str, resource_id: str) -> Resource | None:
        """Return one resource, or None where there is none."""
        found = self._do(
            "SELECT inputs, outputs FROM resources WHERE kind = ? AND id = ?", kind, resource_id
        )
        return _resource(*found[0]) if found else None

    def add(self, kind: str, resource_id: str, resource: Resource) -> bool:
        """Put a resource where none is; returns whether it was free."""
        try:
            self._do(
                "INSERT INTO resources VALUES (?, ?, ?, ?)", kind, resource_id, *_row(resource)
            )
        except sqlite3.IntegrityError:
            return False
        return True

    def put(self, kind: str, resource_id: str, resource: Resource) -> None:
        """Put a resource, over one that is there."""
        self._do(
            "INSERT OR REPLACE INTO resources VALUES (?, ?, ?, ?)",
            kind,
            resource_id,
            *_row(resource),
        )

    def delete(self, kind: str, resource_id: str) -> None:
        """Delete a resource, or nothing."""
        self._do("DELETE FROM resources WHERE kind = ? AND id = ?", kind, resource_id)

    def delete_within(self, resource_id: str) -> None:
        """Delete all that lies below an id, whatever its type."""
        prefix = f"{resource_id}/"
        self._do("DELETE FROM resources WHERE substr(id, 1, ?) = ?", len(prefix), prefix)

    def exists(self, resource_id: str) -> bool:
        """Return whether any type has a resource of this id: for a check of parents."""
        return bool(self._do("SELECT 1 FROM resources WHERE id = ?", resource_id))

    def of(self, kind: str, *, like: str = "%") -> dict[str, Resource]:
        """Return the resources of a type, by id: all, or those `like` that, as SQL has it."""
        query = "SELECT id, inputs, outputs FROM resources WHERE kind = ? AND id LIKE ?"
        found = self._do(query, kind, like)
        return {resource_id: _resource(*row) for resource_id, *row in found}

    def kinds(self) -> dict[str, int]:
        """Return how many resources there are of each type."""
        return dict(self._do("SELECT kind, count(*) FROM resources GROUP BY kind ORDER BY kind"))

    def clear(self) -> None:
        """Delete everything, whatever holds on to it."""
        self._do("DELETE FROM resources")

    def change(self, kind: str, resource_id: str, changes: Properties) -> None:
        """Change a resource by hand, as somebody in the cloud's own console would.

        Raises:
            KeyError: there is none.
        """
        found = self.get(kind, resource_id)
        if found is None:
            raise KeyError(f"{kind} {resource_id}")
        changed = Resource(inputs={**found.inputs, **changes}, outputs={**found.outputs, **changes})
        self.put(kind, resource_id, changed)

    def _do(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self._file, timeout=WAIT_SECONDS)) as connection, connection:
            return connection.execute(statement, values).fetchall()


def _row(resource: Resource) -> tuple[str, str]:
    return json.dumps(resource.inputs), json.dumps(resource.outputs)


def _resource(inputs: str, outputs: str) -> Resource:
    return Resource(inputs=json.loads(inputs), outputs=json.loads(outputs))
