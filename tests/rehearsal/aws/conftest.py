"""An environment of a test's own on AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.rehearsal.aws.killing import subject_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.rehearsal.aws.account import Account, Engine


@pytest.fixture
def engine(account: Account, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An environment of this test's own, in a project of its own."""
    number = abs(hash(request.node.name)) % 10**6
    found = subject_in(tmp_path, account, f"e{number}").engine
    yield found
    found.remove()
