"""What goes wrong on Azure and Google Cloud is told in their words, with what mends it.

The shipped stacks, by the real command and the real Pulumi engine. After all of it the next deploy
gets to its end: that no server answers then is all that is left to tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from mlops_infra.rehearsal.pulumi import EmulatedClouds
from tests.conftest import REPOSITORY, Project, shipped
from tests.rehearsal.small.images import copy_stacks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

UNREACHABLE = "the server cannot be reached"
STATE = {"url": "file://state", "secrets_provider": "passphrase"}

FAULTS = {
    "azure": {
        "resources:ResourceGroup": "SubscriptionNotFound",
        "storage:StorageAccount": "StorageAccountAlreadyTaken",
        "dbforpostgresql:Server": "LocationIsOfferRestricted",
        "authorization:RoleAssignment": "roleAssignments/write",
        "app:ManagedEnvironment": "MaxNumberOfGlobalEnvironmentsInSubExceeded",
        "app:ContainerApp": "MissingSubscriptionRegistration",
    },
    "gcp": {
        "projects/service:Service": "requires billing",
        "storage/bucket:Bucket": "bucket name is not available",
        "servicenetworking/connection:Connection": "restrictVpcPeering",
        "sql/databaseInstance:DatabaseInstance": "one week from the deletion",
        "compute/network:Network": "Quota 'NETWORKS' exceeded",
        "cloudrunv2/service:Service": "Cloud Run Admin API has not been used",
    },
}
"""Types whose first create fails, and a part of what the cloud says then."""

PACKAGES = {"azure": "azure-native", "gcp": "gcp"}


def wording(cloud: str, part: str) -> dict[str, str]:
    """Return the one wording, of those that the unit tests know, that has `part` in it."""
    file = REPOSITORY / "tests" / "data" / "wordings" / f"{cloud}.yaml"
    known = [each for kind in yaml.safe_load(file.read_text()).values() for each in kind]
    return next(each for each in known if part in each["says"])


@pytest.fixture(params=["azure", "gcp"])
def cloud(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def clouds(cloud: str, tmp_path: Path) -> Iterator[EmulatedClouds]:
    with EmulatedClouds(
        tmp_path / "cloud", f"mlops_infra.rehearsal.{cloud}", runs=False
    ) as running:
        yield running


@pytest.fixture
def dev(cloud: str, clouds: EmulatedClouds, tmp_path: Path) -> Callable[..., str]:
    """Run a command on the shipped dev, with a prebuilt image and a local state."""
    project = Project(tmp_path)
    copy_stacks(tmp_path)  # any deploy to gcp builds the front's image
    section = {**shipped("dev")[cloud], "state": STATE}
    project.write("dev", {"cloud": cloud, "image": "ghcr.io/example/mlflow:1", cloud: section})
    environ = {
        **clouds.environ,
        "MLOPS_INFRA_CLOUD": cloud,
        "PULUMI_CONFIG_PASSPHRASE": "correct",
        "PULUMI_HOME": str(tmp_path / "pulumi-home"),
    }

    def run(*words: str, code: int | None = 0) -> str:
        done = project.run(words[0], "-e", "dev", *words[1:], code=code, **environ)
        return done.stdout + done.stderr

    return run


def test_each_failure_is_told_with_what_mends_it_and_the_next_deploy_goes_on(
    cloud: str, clouds: EmulatedClouds, dev: Callable[..., str]
) -> None:
    expected = [wording(cloud, part) for part in FAULTS[cloud].values()]
    for kind, known in zip(FAULTS[cloud], expected, strict=True):
        clouds.faults.fail_next(f"{PACKAGES[cloud]}:{kind}", known["says"])
    told = []
    while UNREACHABLE not in (said := dev("deploy", "--yes", code=None)):
        assert "before that, " in said
        assert "goes on from here" in said
        told.append(said)
        assert len(told) <= len(expected), said
    for known in expected:
        assert any(known["says"] in said and known["mends"] in said for said in told), told
    assert dev("plan").startswith("nothing to do")


def test_what_fails_first_has_changed_nothing(
    cloud: str, clouds: EmulatedClouds, dev: Callable[..., str]
) -> None:
    first = {"azure": "resources:ResourceGroup", "gcp": "projects/service:Service"}[cloud]
    counts = {"azure": 2, "gcp": 11}[cloud]
    for _ in range(counts):  # they are made at once, and none waits for another
        clouds.faults.fail_next(f"{PACKAGES[cloud]}:{first}", "Internal Server Error")
    said = dev("deploy", "--yes", code=1)
    assert "Internal Server Error" in said
    made = {kind for kind in clouds.cloud.kinds() if kind.startswith(PACKAGES[cloud])}
    assert made <= {"gcp:compute/globalAddress:GlobalAddress"}
