"""Puts everything of ours into ministack, once, in its own process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.rehearsal.aws import faulty, lookups, mended, quotas, refusals, scaling
from mlops_infra.rehearsal.aws.innards import provisioners, stacks
from mlops_infra.rehearsal.aws.resources import ADDED, add
from mlops_infra.rehearsal.faults import Faults
from mlops_infra.rehearsal.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_infra.rehearsal.aws.running import Running


def install(folder: Path, running: Running | None) -> None:
    """Add the services, lookups and types, mend the rest, run what is made, let faults strike.

    Without `running` nothing is run.
    """
    scaling.install()
    lookups.install()
    for kind in ADDED:
        add(kind)
    mended.mend()
    if running:
        running.install()
    wanted, settings = Faults(folder / "faults"), Settings(folder)
    quotas.install(settings)
    refusals.install(wanted, settings)
    faulty.install(wanted, provisioners._RESOURCE_HANDLERS, stacks)  # noqa: SLF001 - no public registry
