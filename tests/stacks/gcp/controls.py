"""The scorecard: each control, over what the program really registers.

A control yields, in words, what violates it. It knows Google Cloud and the environment file, and
nothing of the code in `stacks/gcp`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stacks import scorecard
from tests.stacks.gcp import (
    controls_data,
    controls_front,
    controls_identity,
    controls_service,
    controls_watch,
)
from tests.stacks.gcp.declared import Declared

if TYPE_CHECKING:
    from mlops_infra.config.models import Environment
    from tests.stacks.registered import Program

CONTROLS = scorecard.controls(
    controls_front, controls_data, controls_identity, controls_service, controls_watch
)


def violations(number: int, program: Program, environment: Environment) -> list[str]:
    """What violates a control in what was registered for `environment`."""
    return list(CONTROLS[number](Declared(program), environment))
