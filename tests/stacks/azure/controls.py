"""The scorecard: each control, over what the program really registers.

A control yields, in words, what violates it. It knows Azure and the environment file, and nothing
of the code in `stacks/azure`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stacks import scorecard
from tests.stacks.azure import (
    controls_data,
    controls_front,
    controls_identity,
    controls_service,
    controls_watch,
)

if TYPE_CHECKING:
    from mlops_infra.config.models import Environment
    from tests.stacks.azure.declared import Stack

CONTROLS = scorecard.controls(
    controls_front, controls_data, controls_identity, controls_service, controls_watch
)


def violations(number: int, stack: Stack, environment: Environment) -> list[str]:
    """What violates a control in what `environment` declares."""
    return list(CONTROLS[number](stack, environment))
