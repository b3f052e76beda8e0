"""What the benchmark prints: figures, each beside what it is compared with and its target."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = ("what", "ours", "compared with", "ratio", "target", "met")
TIMES = "\N{MULTIPLICATION SIGN}"


@dataclass(frozen=True, kw_only=True)
class Target:
    """A bound on our own value, or on the ratio of ours to the other."""

    bound: float
    at_least: bool = False
    of_ratio: bool = True
    unit: str = ""

    def is_met(self, *, value: float, ratio: float | None) -> bool:
        """Whether a figure keeps to it."""
        found = ratio if self.of_ratio else value
        if found is None:
            return False
        return found >= self.bound if self.at_least else found <= self.bound

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        return f"{sign} {self.bound:g} {TIMES if self.of_ratio else self.unit}".rstrip()


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One row of the table; without a target it is only reported."""

    what: str
    value: float
    unit: str
    other: float | None = None
    other_name: str = ""
    target: Target | None = None

    @property
    def ratio(self) -> float | None:
        """Ours divided by the other, both measured in this run."""
        return self.value / self.other if self.other else None

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        return self.target.is_met(value=self.value, ratio=self.ratio) if self.target else None

    def cells(self) -> tuple[str, ...]:
        """Return the row's words, one for each of `COLUMNS`."""
        other = "" if self.other is None else f"{self.other_name}: {_text(self.other, self.unit)}"
        ratio = "" if self.ratio is None else f"{self.ratio:.2f} {TIMES}"
        met = {True: "yes", False: "NO", None: ""}[self.is_met]
        target = str(self.target) if self.target else "reported"
        return (self.what, _text(self.value, self.unit), other, ratio, target, met)

    def document(self) -> dict[str, Any]:
        """Return the figure as JSON has it."""
        return {**asdict(self), "ratio": self.ratio, "met": self.is_met}


def bounded(what: str, seconds: Sequence[float], bound: float) -> Figure:
    """Return how long a command takes, beside nothing but its bound."""
    target = Target(bound=bound, of_ratio=False, unit="s")
    return Figure(what=what, value=middle(seconds), unit="s", target=target)


def middle(values: Sequence[float]) -> float:
    """Return the median: one disturbed measurement does not move it."""
    return float(median(values))


def undisturbed(rates: Sequence[float]) -> float:
    """Return the highest: what else a machine does, or a bad spread over the workers, only slows.

    A median would compare sides that suffer unequally: the default command waits for most of a
    request's time, ours computes.
    """
    return max(rates)


def table(figures: Sequence[Figure], *, markdown: bool) -> str:
    """Return all figures as a table, for a terminal or for `docs/benchmarks.md`."""
    rows = [COLUMNS, *(figure.cells() for figure in figures)]
    if markdown:
        lines = [f"| {' | '.join(row)} |" for row in rows]
        return "\n".join([lines[0], "|---" * len(COLUMNS) + "|", *lines[1:]])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _text(value: float, unit: str) -> str:
    digits = (
        0
        if value == int(value)
        else 3
        if value < 1
        else 2
        if value < 10
        else 1
        if value < 100
        else 0
    )
    return f"{value:.{digits}f} {unit}".strip()
