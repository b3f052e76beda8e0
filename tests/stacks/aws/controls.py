"""The scorecard: each control, over what the template really declares.

A control yields, in words, what violates it. It knows CloudFormation and the environment file, and
nothing of the code in `stacks/aws`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.stacks import scorecard
from tests.stacks.aws import (
    controls_data,
    controls_front,
    controls_identity,
    controls_service,
    controls_watch,
)
from tests.stacks.aws.template import Template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_infra.config.models import Environment

CONTROLS = scorecard.controls(
    controls_front, controls_data, controls_identity, controls_service, controls_watch
)


def violations(number: int, body: Mapping[str, Any], environment: Environment) -> list[str]:
    """What violates a control in the template `body` of `environment`."""
    return list(CONTROLS[number](Template(body), environment))
