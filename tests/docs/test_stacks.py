"""The pages say of the stacks what those declare."""

from __future__ import annotations

import pytest

from mlops_infra.config.sizing import DATABASE_CONNECTIONS
from tests.conftest import REPOSITORY
from tools import pictures

pytestmark = pytest.mark.slow  # the CDK and Graphviz run on Node


@pytest.mark.parametrize("cloud", pictures.CLOUDS)
def test_the_picture_of_a_cloud_is_current(cloud: str) -> None:
    drawn = (pictures.FOLDER / f"{cloud}.svg").read_text()
    assert drawn == pictures.draw(pictures.declared(cloud)), "make regenerate"


def test_the_page_on_cost_names_the_databases_that_the_stacks_ask_for() -> None:
    from stacks.aws.database import INSTANCES  # seconds each
    from stacks.azure.database import MACHINES
    from stacks.gcp.database import TIERS

    page = (REPOSITORY / "docs" / "cost.md").read_text()
    for size in DATABASE_CONNECTIONS:
        aws = f"db.{'.'.join(INSTANCES[size])}"
        assert f"| `{size}` | `{aws}` | `{MACHINES[size].sku}` | `{TIERS[size]}` |\n" in page
