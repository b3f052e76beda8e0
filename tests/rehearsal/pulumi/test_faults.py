"""What goes wrong on Azure and Google Cloud is told in their words, with what mends it.

The shipped stacks, by the real command and the real Pulumi engine. After all of it the next deploy
gets to its end: that no server answers then is all that is left to tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from tests.conftest import REPOSITORY
from tests.rehearsal.pulumi.small.environment import STATE, UNREACHABLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rehearsal.pulumi.small.environment import Small

pytestmark = pytest.mark.slow

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
def dev(cloud: str, unshipped: Callable[[str], Small]) -> Small:
    """In the project that the wordings name, as the shipped file does."""
    found = unshipped(cloud)
    found.write({cloud: {"state": STATE}})
    return found


def test_each_failure_is_told_with_what_mends_it_and_the_next_deploy_goes_on(
    cloud: str, dev: Small
) -> None:
    expected = [wording(cloud, part) for part in FAULTS[cloud].values()]
    for kind, known in zip(FAULTS[cloud], expected, strict=True):
        dev.clouds.faults.fail_next(f"{PACKAGES[cloud]}:{kind}", known["says"])
    told = []
    while UNREACHABLE not in (said := dev.run("deploy", "--yes", code=None).stderr):
        assert "before that, " in said
        assert "goes on from here" in said
        told.append(said)
        assert len(told) <= len(expected), said
    for known in expected:
        assert any(known["says"] in said and known["mends"] in said for said in told), told
    assert dev.run("plan").stdout.startswith("nothing to do")


def test_what_fails_first_has_changed_nothing(cloud: str, dev: Small) -> None:
    first = {"azure": "resources:ResourceGroup", "gcp": "projects/service:Service"}[cloud]
    counts = {"azure": 2, "gcp": 11}[cloud]
    for _ in range(counts):  # they are made at once, and none waits for another
        dev.clouds.faults.fail_next(f"{PACKAGES[cloud]}:{first}", "Internal Server Error")
    said = dev.run("deploy", "--yes", code=1).stderr
    assert "Internal Server Error" in said
    made = {kind for kind in dev.clouds.cloud.kinds() if kind.startswith(PACKAGES[cloud])}
    assert made <= {"gcp:compute/globalAddress:GlobalAddress"}
