"""What Azure, Google Cloud and Pulumi say, word for word, and what we tell people to do about it.

The wordings are in `tests/data/wordings`, as their providers' public bug reports have them.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mlops_infra.config.models import Cloud
from mlops_infra.engines.pulumi.troubles import told
from mlops_infra.errors import InfraError, PrerequisiteError
from mlops_infra.model import Target
from tests.conftest import REPOSITORY
from tests.unit.test_server import environment

CLOUDS = (Cloud.AZURE, Cloud.GCP)
WORDINGS = {
    cloud: yaml.safe_load(
        (REPOSITORY / "tests" / "data" / "wordings" / f"{cloud}.yaml").read_text()
    )
    for cloud in CLOUDS
}


def wordings(key: str) -> list[tuple[Cloud, str, str]]:
    return [
        (cloud, each["says"], each["mends"]) for cloud in CLOUDS for each in WORDINGS[cloud][key]
    ]


def heard(cloud: Cloud, says: str) -> InfraError:
    target = Target(environment=environment("dev"), cloud=cloud, project_dir=Path("/nowhere"))
    return told(target, says)


@pytest.mark.parametrize(("cloud", "says", "mends"), wordings("missing"))
def test_what_is_missing_exits_4_with_the_command_that_mends_it(
    cloud: Cloud, says: str, mends: str
) -> None:
    found = heard(cloud, says)
    assert isinstance(found, PrerequisiteError), found.hint
    assert mends in found.hint


@pytest.mark.parametrize(("cloud", "says", "mends"), wordings("failing"))
def test_a_failure_is_told_with_what_mends_it(cloud: Cloud, says: str, mends: str) -> None:
    found = heard(cloud, says)
    assert type(found) is InfraError
    assert mends in found.hint
    assert "goes on from here" in found.hint


@pytest.mark.parametrize(
    ("cloud", "says"),
    [(cloud, says) for cloud, says, mends in wordings("failing") if mends == "do not delete it"],
)
def test_of_what_holds_data_nobody_is_told_how_to_delete_it(cloud: Cloud, says: str) -> None:
    found = heard(cloud, says)
    assert "state.url" in found.hint
    assert "delete --ids" not in found.hint


@pytest.mark.parametrize("cloud", CLOUDS)
def test_of_an_unknown_failure_nothing_is_made_up(cloud: Cloud) -> None:
    found = heard(cloud, "Internal Server Error")
    assert type(found) is InfraError
    assert found.hint == "mend that; then run the command again: it goes on from here"
