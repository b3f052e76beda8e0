"""Composes the local platform; each part is defined in the file of its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stacks.local.artifacts import Artifacts
from stacks.local.database import Database
from stacks.local.tracking import Tracking

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_infra.config.models import Environment


@dataclass(frozen=True, kw_only=True)
class Platform:
    """Everything that one environment is made of on this machine."""

    database: Database
    artifacts: Artifacts
    tracking: Tracking


def compose(
    environment: Environment, *, home: Path, socket_dir: Path, port: int, bin_dir: Path
) -> Platform:
    """Describe the platform of `environment` in folder `home`. Starts and writes nothing.

    `port` is the server's, `socket_dir` a folder with a short path for PostgreSQL's Unix socket,
    `bin_dir` where PostgreSQL's programs are.
    """
    database = Database(environment, home=home, socket_dir=socket_dir)
    artifacts = Artifacts(home=home)
    tracking = Tracking(
        environment,
        database=database,
        artifacts=artifacts,
        home=home,
        port=port,
        bin_dir=bin_dir,
    )
    return Platform(database=database, artifacts=artifacts, tracking=tracking)
