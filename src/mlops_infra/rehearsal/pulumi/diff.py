"""What changes between two sets of inputs, and whether that makes a new resource."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlops_infra.rehearsal.pulumi.schema import INTERNAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.rehearsal.pulumi.description import Properties, ResourceType


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One property that changes."""

    path: str
    """As Pulumi writes it: `a.b[0].c`."""
    kind: str
    """`ADD`, `DELETE` or `UPDATE`."""
    replaces: bool


def differences(kind: ResourceType, old: Properties, new: Properties) -> list[Difference]:
    """Return every leaf that differs; an unknown one counts as different."""
    return [
        Difference(
            path=path,
            kind=word,
            replaces=_replaces(kind, plain) or (plain in kind.replace_on_less and is_less),
        )
        for path, plain, word, is_less in _leaves(_own(old), _own(new), "", "")
    ]


def _leaves(old: Any, new: Any, path: str, plain: str) -> Iterator[tuple[str, str, str, bool]]:  # noqa: ANN401 - any JSON values
    """Yield path, path without list positions, kind of change, and whether a number is smaller."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            below = f"{path}.{name}" if path else name
            plain_below = f"{plain}.{name}" if plain else name
            yield from _leaves(old.get(name), new.get(name), below, plain_below)
    elif isinstance(old, list) and isinstance(new, list):
        for position in range(max(len(old), len(new))):
            before = old[position] if position < len(old) else None
            after = new[position] if position < len(new) else None
            yield from _leaves(before, after, f"{path}[{position}]", plain)
    elif old != new:
        word = "ADD" if old is None else "DELETE" if new is None else "UPDATE"
        are_numbers = isinstance(old, int | float) and isinstance(new, int | float)
        yield path, plain, word, are_numbers and new < old


def _replaces(kind: ResourceType, plain: str) -> bool:
    return any(
        plain == path or plain.startswith(f"{path}.") or path.startswith(f"{plain}.")
        for path in kind.replace_on
    )


def _own(inputs: Properties) -> Properties:
    return {name: value for name, value in inputs.items() if not name.startswith(INTERNAL)}
