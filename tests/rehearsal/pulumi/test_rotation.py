"""A password is made anew as docs/rotate-secrets.md says: tainted in the state, then deployed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rehearsal.pulumi.small.environment import Small

pytestmark = pytest.mark.slow

CHANGED = {
    "azure": {
        "admin-password": "replace",
        "admin-password-secret": "update",
        "database": "update",
        "database-password": "replace",
        "database-password-secret": "update",
    },
    "gcp": {
        "admin-password": "replace",  # its version in Secret Manager has the same name
        "database-password": "replace",
        "service": "update",
        "user": "update",
    },
}
"""What the next deploy does to each resource."""


def password(environment: Small) -> str:
    said = environment.run("login", "--format", "json").stdout
    return json.loads(said)["MLFLOW_TRACKING_PASSWORD"]


@pytest.mark.parametrize("cloud", ["azure", "gcp"])
def test_a_tainted_password_is_made_anew_by_the_next_deploy(
    cloud: str, shipped: Callable[[str], Small]
) -> None:
    dev = shipped(cloud)
    old = password(dev)
    said = dev.pulumi("stack", "--stack", "dev", "--show-urns")
    urns = re.findall(r"urn:\S*:RandomPassword::(?:admin|database)-password", said)
    dev.pulumi("state", "taint", *urns, "--stack", "dev", "--yes")
    assert dev.planned() == CHANGED[cloud]
    dev.deploy()
    assert password(dev) != old
