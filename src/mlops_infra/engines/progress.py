"""A step of a running plan, told as it begins and as it ends."""

from __future__ import annotations

import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from mlops_infra.model import Event

if TYPE_CHECKING:
    from collections.abc import Generator

    from mlops_infra.engines.base import OnEvent


@contextmanager
def step(resource: str, message: str, on_event: OnEvent) -> Generator[None]:
    """Tell that a step begins, and that it is done or has failed, and how long that took."""
    began = time.monotonic()
    event = partial(Event, resource=resource, message=message)
    on_event(event())
    try:
        yield
    except Exception:
        on_event(event(failed=True, seconds=time.monotonic() - began))
        raise
    on_event(event(done=True, seconds=time.monotonic() - began))
