"""Runs a stack's program as `pulumi` starts it by hand, on the stack that `mlops-infra` deploys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from mlops_infra.config.loader import load_environment
from mlops_infra.errors import InfraError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlops_infra.config.models import Environment


def run(program: Callable[[Environment], None], *, project_dir: Path) -> None:
    """Declare the environment that Pulumi's stack is named after.

    Raises:
        RunError: what is wrong, and what mends it; Pulumi shows it without a traceback.
    """
    try:
        environment = load_environment(project_dir, pulumi.get_stack())
        _require_project(environment)
        program(environment)
    except InfraError as error:
        raise pulumi.RunError("\n".join(filter(None, (error.message, error.hint)))) from error


def _require_project(environment: Environment) -> None:
    """Refuse a Pulumi project that is not the file's: its state knows nothing of what is there.

    Raises:
        UsageError: they differ.
    """
    found, wanted = pulumi.get_project(), environment.project
    if found != wanted:
        raise UsageError(
            f"Pulumi.yaml is named '{found}', and environment '{environment.name}' is of the "
            f"project '{wanted}': this would make a second platform",
            hint=f"write  name: {wanted}  into Pulumi.yaml",
        )
