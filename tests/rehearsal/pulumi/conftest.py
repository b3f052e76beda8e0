"""Environments on Azure and Google Cloud: of the small stack and of the shipped one.

Each is deployed once; a test that needs it deployed gets a copy of what cloud and state held then.
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from mlops_infra.rehearsal.pulumi import EmulatedClouds
from tests.conftest import Project
from tests.rehearsal.pulumi.small.environment import STACKS, Small
from tests.rehearsal.pulumi.small.images import copy_stacks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOTHING, ALL = "nothing", "all"
"""The folders of the project where `shipped_once` saves what there was."""


def small_in(folder: Path, clouds: EmulatedClouds) -> Small:
    """Write a project with the small stack; nothing is in its cloud."""
    shutil.copytree(STACKS, folder / "stacks")
    clouds.cloud.clear()
    clouds.faults.clear()
    found = Small(Project(folder), clouds)
    found.write()
    return found


@pytest.fixture(scope="session")
def small_saved(small_clouds: EmulatedClouds, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What cloud and state hold once the small stack is deployed."""
    found = small_in(tmp_path_factory.mktemp("saved"), small_clouds)
    found.deploy()
    folder = found.project.folder / "all"
    found.save(folder)
    return folder


@pytest.fixture
def small(small_clouds: EmulatedClouds, tmp_path: Path) -> Small:
    """A project with the small stack."""
    return small_in(tmp_path, small_clouds)


@pytest.fixture
def deployed(small_saved: Path, small: Small) -> Small:
    """A project with the small stack, deployed: by a copy of one that was."""
    small.restore(small_saved)
    return small


@pytest.fixture(scope="session")
def shipped_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Small]]:
    """Give the shipped dev on the shipped stack of a cloud that records: deployed once."""
    known: dict[str, Small] = {}
    with ExitStack() as stack:

        def find(cloud: str) -> Small:
            if cloud not in known:
                folder = tmp_path_factory.mktemp(f"shipped-{cloud}")
                copy_stacks(folder)  # any deploy to gcp builds the front's image
                module = f"mlops_infra.rehearsal.{cloud}"
                clouds = stack.enter_context(EmulatedClouds(folder / "cloud", module, runs=False))
                found = Small(Project(folder), clouds, cloud)
                found.write()
                found.save(folder / NOTHING)
                found.deploy()
                found.save(folder / ALL)
                known[cloud] = found
            return known[cloud]

        yield find


@pytest.fixture
def unshipped(shipped_once: Callable[[str], Small]) -> Callable[[str], Small]:
    """Give the shipped dev of a cloud; nothing is in it."""

    def find(cloud: str) -> Small:
        return _restored(shipped_once(cloud), NOTHING)

    return find


@pytest.fixture
def shipped(shipped_once: Callable[[str], Small]) -> Callable[[str], Small]:
    """Give the shipped dev of a cloud, deployed as its file says."""

    def find(cloud: str) -> Small:
        return _restored(shipped_once(cloud), ALL)

    return find


def _restored(found: Small, saved: str) -> Small:
    found.write()
    found.restore(found.project.folder / saved)
    found.clouds.faults.clear()
    return found
