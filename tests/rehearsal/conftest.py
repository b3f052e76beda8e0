"""The emulated clouds that tests share: each is started once, when the first test asks for it."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from mlops_infra.rehearsal.pulumi import EmulatedClouds
from tests.conftest import REPOSITORY
from tests.rehearsal.aws.account import Account, opened
from tests.rehearsal.pulumi.platforms import PLATFORMS
from tests.rehearsal.pulumi.small import PROVIDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.rehearsal.pulumi.platforms import Platform


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An account that records services and databases and runs none: for what happens to stacks."""
    with opened(tmp_path_factory.mktemp("aws"), runs=False) as found:
        yield found


@pytest.fixture(scope="session")
def live_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An account that runs what it records: for what a client meets."""
    with opened(tmp_path_factory.mktemp("live"), runs=True) as found:
        yield found


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Platform]]:
    """Give an emulated Azure or Google Cloud: one that runs what it records, or one that not."""
    known: dict[tuple[str, bool], Platform] = {}
    with ExitStack() as stack:

        def find(name: str, *, runs: bool) -> Platform:
            if (name, runs) not in known:
                folder = tmp_path_factory.mktemp(name)
                opening = PLATFORMS[name](folder, runs=runs)
                known[name, runs] = stack.enter_context(opening)
            return known[name, runs]

        yield find


@pytest.fixture(scope="session")
def small_clouds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedClouds]:
    """The cloud of the small stack, started once."""
    environ = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    folder = tmp_path_factory.mktemp("small")
    with EmulatedClouds(folder / "cloud", PROVIDER, environ=environ) as clouds:
        yield clouds
