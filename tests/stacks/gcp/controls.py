"""The scorecard: each control, over what the program really registers.

A control yields, in words, what violates it. It knows Google Cloud and the environment file, and
nothing of the code in `stacks/gcp`. Control 18 is about CI, not about the stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stacks.gcp.controls_data import (
    control_04,
    control_05,
    control_06,
    control_09,
    control_10,
    control_14,
)
from tests.stacks.gcp.controls_front import control_01, control_02, control_03, control_13
from tests.stacks.gcp.controls_identity import control_07, control_08, control_17
from tests.stacks.gcp.controls_service import control_11, control_12, control_15, control_19
from tests.stacks.gcp.controls_watch import control_16
from tests.stacks.gcp.declared import Declared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mlops_infra.config.models import Environment
    from tests.stacks.registered import Program

CONTROLS: Mapping[int, Callable[[Declared, Environment], Iterator[str]]] = {
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


def violations(number: int, program: Program, environment: Environment) -> list[str]:
    """What violates a control in what was registered for `environment`."""
    return list(CONTROLS[number](Declared(program), environment))
