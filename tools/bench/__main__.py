"""Measures what docs/benchmarks.md states: `make bench`, or `python -m tools.bench --markdown`.

    project.py    a temporary project; `mlops-infra deploy` in it is our side
    bare.py       `mlflow server` on the same database: the other side
    load.py       the client, a process of its own
    measures.py   pairs of ours and the other, in turns
    suite.py      their order and targets
    clouds.py     the same for the commands on a cloud
    emulated.py   an emulated cloud, and projects in it: account.py is AWS, stacks.py the other two
    by_hand.py    Pulumi without us, on the same stack
    figures.py    the table

Exits 1 where a target is missed. However it ends, nothing that it started is left.
"""

from __future__ import annotations

import argparse
import json
import platform
import signal
import sys
import time
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import psutil

from tools.bench import clouds, suite
from tools.bench.account import Account
from tools.bench.figures import table
from tools.bench.project import Project
from tools.bench.stacks import Stacks

if TYPE_CHECKING:
    from types import FrameType

SUITES: dict[str, tuple[Any, Any]] = {
    "local": (Project, suite.figures),
    "aws": (Account, clouds.figures),
    "azure": (partial(Stacks, "azure"), clouds.figures),
    "gcp": (partial(Stacks, "gcp"), clouds.figures),
}
"""Where each part takes place, and what it measures there."""


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(prog="tools.bench", description="measure mlops-infra")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--markdown", action="store_true", help="print the table of the docs")
    parser.add_argument("--only", choices=list(SUITES), help="measure one part")
    given = parser.parse_args()
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _interrupt)
    on = machine()
    began = time.monotonic()

    def tell(what: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began:5.0f} s  {what}\n")

    found = []
    try:
        for name, (place, figures) in SUITES.items():
            if given.only in {None, name}:
                with place() as opened:
                    for figure in figures(opened, tell):
                        tell("  ".join(filter(None, figure.cells())))
                        found.append(figure)
    except KeyboardInterrupt:
        tell("interrupted; everything is cleaned up")
        return 130
    if given.json:
        document = {"on": on, "figures": [figure.document() for figure in found]}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        text = table(found, markdown=given.markdown)
        sys.stdout.write(f"{on}\n\n{text}\n")
    return int(any(figure.is_met is False for figure in found))


def machine() -> str:
    """Return when and on what this is measured, and how busy others keep it."""
    load = ", ".join(f"{each:.1f}" for each in psutil.getloadavg())
    return (
        f"{time.strftime('%Y-%m-%d')}: mlops-infra {version('mlops-infra')}, "
        f"mlflow {version('mlflow')}, Python {platform.python_version()}, "
        f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, "
        f"load average before {load}"
    )


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Take a request to end like Ctrl-C, so that everything is cleaned up."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
