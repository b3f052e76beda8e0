"""What a refresh would change in the state: what somebody changed in the cloud since."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from mlops_infra.engines.pulumi.deployment import name_of
from mlops_infra.model import DELETED, Difference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi.automation.events import StepEventMetadata

PART = re.compile(r'[^.\[\]"]+')
"""A step of a property path such as `template.containers[0].image`."""

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Under this key Pulumi marks what is special, a secret for one (`pulumi.runtime.rpc`)."""


def differences(found: StepEventMetadata) -> Iterator[Difference]:
    """Yield what a refresh found different about one resource."""
    name = name_of(found.urn)
    if found.op.value == "delete":
        yield Difference(resource=name, what=DELETED)
    elif found.op.value == "update":
        for path in sorted(found.detailed_diff or found.diffs or ()):
            before, after = (side.inputs if side else {} for side in (found.old, found.new))
            yield Difference(
                resource=name,
                what=path,
                expected=_text(_value_at(before, path)),
                actual=_text(_value_at(after, path)),
            )


def _value_at(properties: Any, path: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return the value that a path leads to; None where there is none."""
    value = properties
    for part in PART.findall(path):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _text(value: Any) -> str:  # noqa: ANN401 - any JSON value
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if SIGNATURE in json.dumps(value):
        return "[secret]"
    return json.dumps(value)
