"""The scorecard: each control, over what the program really registers.

A control yields, in words, what violates it. It knows Azure and the environment file, and nothing
of the code in `stacks/azure`. Control 18 is about CI, not about the stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stacks.azure.controls_data import (
    control_04,
    control_05,
    control_06,
    control_09,
    control_10,
    control_14,
)
from tests.stacks.azure.controls_front import control_01, control_02, control_03, control_13
from tests.stacks.azure.controls_identity import control_07, control_08, control_17
from tests.stacks.azure.controls_service import control_11, control_12, control_15, control_19
from tests.stacks.azure.controls_watch import control_16

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mlops_infra.config.models import Environment
    from tests.stacks.azure.declared import Stack

CONTROLS: Mapping[int, Callable[[Stack, Environment], Iterator[str]]] = {
    1: control_01,
    2: control_02,
    3: control_03,
    4: control_04,
    5: control_05,
    6: control_06,
    7: control_07,
    8: control_08,
    9: control_09,
    10: control_10,
    11: control_11,
    12: control_12,
    13: control_13,
    14: control_14,
    15: control_15,
    16: control_16,
    17: control_17,
    19: control_19,
}


def violations(number: int, stack: Stack, environment: Environment) -> list[str]:
    """What violates a control in what `environment` declares."""
    return list(CONTROLS[number](stack, environment))
