"""The shipped environments with something changed: what every stack is tested on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from mlops_infra.config.loader import check_text
from tests.conftest import shipped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_infra.config.models import Environment


def environment(like: str, *changes: Mapping[str, Any]) -> Environment:
    """Return a shipped environment with `changes` on top, in order; None takes a key away."""
    found = shipped(like, *changes)
    document = {key: value for key, value in found.items() if value is not None}
    made, problems = check_text(yaml.safe_dump(document), file=Path(f"{document['name']}.yaml"))
    assert made is not None, problems
    return made
