"""The pictures in the pages of the clouds show what the stacks declare."""

from __future__ import annotations

import pytest

from tools import pictures

pytestmark = pytest.mark.slow  # the CDK and Graphviz run on Node


@pytest.mark.parametrize("cloud", pictures.CLOUDS)
def test_the_picture_of_a_cloud_is_current(cloud: str) -> None:
    drawn = (pictures.FOLDER / f"{cloud}.svg").read_text()
    assert drawn == pictures.draw(pictures.declared(cloud)), "make regenerate"
