"""How long the commands take on Azure and Google Cloud: beside Pulumi alone, and with many stacks.

The cloud is emulated and the state is in a folder, so the network takes no time: what is measured
is ours, and Pulumi's.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tools.bench.figures import Figure, Target, bounded, middle
from tools.bench.stacks import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tools.bench.stacks import Stacks

COMMAND_RUNS = 9
PAIRS = 5
FEW, MANY = 5, 50
ANSWERED = (0, 1)
"""Exit codes where all is done and no server answers at the cloud's name."""


def figures(stacks: Stacks, tell: Callable[[str], None]) -> Iterator[Figure]:
    """Measure everything; `tell` hears what comes next."""
    cloud = stacks.cloud
    folder = stacks.project("one", [MODEL])
    here = ("-e", MODEL)
    tell(f"{cloud}: deploy")
    stacks.command(folder, "deploy", *here, "--yes", codes=ANSWERED)
    tell(f"{cloud}: tracking-uri")
    seconds = [stacks.command(folder, "tracking-uri", *here) for _ in range(COMMAND_RUNS)]
    yield bounded(f"{cloud}: mlops-infra tracking-uri", seconds, 1)
    tell(f"{cloud}: {PAIRS} pairs of plan and preview")
    pairs = [(stacks.command(folder, "plan", *here), stacks.preview(folder)) for _ in range(PAIRS)]
    yield Figure(
        what=f"{cloud}: mlops-infra plan, nothing to do",
        value=middle([ours for ours, _ in pairs]),
        unit="s",
        other=middle([other for _, other in pairs]),
        other_name="pulumi preview --refresh",
        target=Target(bound=1.3),
    )
    tell(f"{cloud}: {PAIRS} pairs of status --all")
    names = [f"e{number:02}" for number in range(MANY)]
    folders = {count: stacks.project(f"with-{count}", names[:count]) for count in (FEW, MANY)}
    for count, copied in folders.items():
        stacks.copy(folder, copied, names[:count])
    found = defaultdict(list)
    for _ in range(PAIRS):
        for count, copied in folders.items():
            found[count].append(stacks.command(copied, "status", "--all", codes=ANSWERED))
    yield Figure(
        what=f"{cloud}: status --all of {MANY} environments",
        value=middle(found[MANY]),
        unit="s",
        other=middle(found[FEW]),
        other_name=f"of {FEW}",
        target=Target(bound=3),
    )
