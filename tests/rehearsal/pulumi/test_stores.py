"""The stores that a rehearsal keeps state and artifacts in."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlops_infra.errors import UnhealthyError
from mlops_infra.rehearsal.pulumi import stores

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager


@pytest.mark.parametrize("start", [stores.google, stores.azure])
def test_a_store_that_stops_at_once_is_not_waited_for(
    start: Callable[[Path, str], AbstractContextManager[stores.Store]],
) -> None:
    began = time.monotonic()
    program = Path(sys.executable)  # knows none of the options
    with pytest.raises(UnhealthyError, match=r"stopped \(\d\)") as found, start(program, "state"):
        pass
    assert time.monotonic() - began < stores.START_SECONDS / 2
    assert found.value.hint.startswith(f"it says why by hand: {program} -")
