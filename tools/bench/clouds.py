"""How long the commands take on AWS: beside the CDK CLI, and on an account with many environments.

The account is emulated and on this machine, so the network takes no time: what is measured is ours.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tools.bench.account import MODEL
from tools.bench.figures import Figure, Target, bounded, middle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tools.bench.account import Account

COMMAND_RUNS = 9
PAIRS = 5
FEW, MANY = 5, 50
ANSWERED = (0, 1)
"""Exit codes of a `status` that told how things are: nothing answers at CloudFront's name."""


def figures(account: Account, tell: Callable[[str], None]) -> Iterator[Figure]:
    """Measure everything; `tell` hears what comes next."""
    folder = account.project("one", [MODEL])
    here = ("-e", MODEL)
    tell("aws: deploy")
    account.command(folder, "deploy", *here, "--yes", codes=ANSWERED)
    tell("aws: tracking-uri")
    seconds = [account.command(folder, "tracking-uri", *here) for _ in range(COMMAND_RUNS)]
    yield bounded("aws: mlops-infra tracking-uri", seconds, 1)
    tell("aws: synthesis")
    seconds = [account.cdk(folder, "synth", "--quiet") for _ in range(PAIRS)]
    yield bounded("aws: synthesis of one environment", seconds, 10)
    tell(f"aws: {PAIRS} pairs of plan and cdk diff")
    pairs = [
        (account.command(folder, "plan", *here), account.cdk(folder, "diff")) for _ in range(PAIRS)
    ]
    yield Figure(
        what="aws: mlops-infra plan, nothing to do",
        value=middle([ours for ours, _ in pairs]),
        unit="s",
        other=middle([other for _, other in pairs]),
        other_name="cdk diff",
        target=Target(bound=1.15),
    )
    yield _status(account, tell)


def _status(account: Account, tell: Callable[[str], None]) -> Figure:
    names = [f"e{number:02}" for number in range(MANY)]
    tell(f"aws: {MANY} environments")
    account.copy(names)
    folders = {count: account.project(f"with-{count}", names[:count]) for count in (FEW, MANY)}
    tell(f"aws: {PAIRS} pairs of status --all")
    found = defaultdict(list)
    for _ in range(PAIRS):
        for count, folder in folders.items():
            words = ("status", "--all")
            found[count].append(account.command(folder, *words, codes=ANSWERED))
    return Figure(
        what=f"aws: status --all of {MANY} environments",
        value=middle(found[MANY]),
        unit="s",
        other=middle(found[FEW]),
        other_name=f"of {FEW}",
        target=Target(bound=3),
    )
