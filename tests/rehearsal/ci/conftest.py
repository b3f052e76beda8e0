"""What the pipelines deploy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.rehearsal.ci import site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlops_infra.rehearsal.pulumi import EmulatedClouds


@pytest.fixture
def deploying(tmp_path: Path, small_clouds: EmulatedClouds) -> Iterator[site.Site]:
    """A repository that deploys the small stack to three environments; nothing is deployed."""
    with site.opened(tmp_path, small_clouds) as found:
        yield found
        assert found.github.refused == []
