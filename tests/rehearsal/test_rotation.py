"""A password is made anew as docs/rotate-secrets.md says: tainted in the state, then deployed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from mlops_infra.rehearsal.pulumi import EmulatedClouds
from tests.conftest import Project
from tests.rehearsal.small.environment import Small
from tests.rehearsal.small.images import copy_stacks

if TYPE_CHECKING:
    from pathlib import Path

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
def test_a_tainted_password_is_made_anew_by_the_next_deploy(cloud: str, tmp_path: Path) -> None:
    copy_stacks(tmp_path)  # any deploy to gcp builds the front's image
    folder, module = tmp_path / "cloud", f"mlops_infra.rehearsal.{cloud}"
    with EmulatedClouds(folder, module, runs=False) as clouds:
        dev = Small(Project(tmp_path), clouds, cloud=cloud)
        dev.write()
        dev.deploy()
        old = password(dev)
        said = dev.pulumi("stack", "--stack", "dev", "--show-urns")
        urns = re.findall(r"urn:\S*:RandomPassword::(?:admin|database)-password", said)
        dev.pulumi("state", "taint", *urns, "--stack", "dev", "--yes")
        assert dev.planned() == CHANGED[cloud]
        dev.deploy()
        assert password(dev) != old
