"""An environment of a test's own on AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.rehearsal.aws.account import Account, Engine

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def engine(account: Account, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An environment of this test's own."""
    number = abs(hash(request.node.name)) % 10**6
    found = Engine(account, f"e{number}")
    found.write()
    yield found
    found.remove()
