"""How long the commands take on a cloud: beside its own program, and with many environments.

The cloud is emulated and on this machine, so the network takes no time: what is measured is ours.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tools.bench.account import Account
from tools.bench.emulated import MODEL
from tools.bench.figures import Figure, Target, bounded, middle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tools.bench.emulated import Emulated

COMMAND_RUNS = 9
PAIRS = 5
FEW, MANY = 5, 50
ANSWERED = (0, 1)
"""Exit codes where all is done and no server answers at the cloud's name."""


def figures(place: Emulated, tell: Callable[[str], None]) -> Iterator[Figure]:
    """Measure everything; `tell` hears what comes next."""
    cloud, here = place.cloud, ("-e", MODEL)
    folder = place.project("one", [MODEL])
    tell(f"{cloud}: deploy")
    place.command(folder, "deploy", *here, "--yes", codes=ANSWERED)
    tell(f"{cloud}: tracking-uri")
    seconds = [place.command(folder, "tracking-uri", *here) for _ in range(COMMAND_RUNS)]
    yield bounded(f"{cloud}: mlops-infra tracking-uri", seconds, 1)
    if isinstance(place, Account):
        tell(f"{cloud}: synthesis")
        seconds = [place.cdk(folder, "synth", "--quiet") for _ in range(PAIRS)]
        yield bounded(f"{cloud}: synthesis of one environment", seconds, 10)
    tell(f"{cloud}: {PAIRS} pairs of plan and {place.other_name}")
    pairs = [(place.command(folder, "plan", *here), place.preview(folder)) for _ in range(PAIRS)]
    yield Figure(
        what=f"{cloud}: mlops-infra plan, nothing to do",
        value=middle([ours for ours, _ in pairs]),
        unit="s",
        other=middle([other for _, other in pairs]),
        other_name=place.other_name,
        target=Target(bound=place.most),
    )
    names = [f"e{number:02}" for number in range(MANY)]
    tell(f"{cloud}: {MANY} environments")
    folders = {count: place.project(f"with-{count}", names[:count]) for count in (FEW, MANY)}
    place.copy(folder, names, list(folders.values()))
    tell(f"{cloud}: {PAIRS} pairs of status --all")
    found = defaultdict(list)
    for _ in range(PAIRS):
        for count, project in folders.items():
            found[count].append(place.command(project, "status", "--all", codes=ANSWERED))
    yield Figure(
        what=f"{cloud}: status --all of {MANY} environments",
        value=middle(found[MANY]),
        unit="s",
        other=middle(found[FEW]),
        other_name=f"of {FEW}",
        target=Target(bound=3),
    )
