"""One environment file goes to AWS, Azure and Google Cloud, and gives the same outputs there.

No server answers at their addresses, so each deploy ends with the news that it cannot be reached.
"""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import TYPE_CHECKING

import pytest

from mlops_infra.model import Outputs
from mlops_infra.rehearsal.pulumi import EmulatedClouds
from tests.conftest import Project
from tests.rehearsal.aws.account import IMAGE, Engine
from tests.rehearsal.pulumi.small.environment import UNREACHABLE, Small
from tests.rehearsal.pulumi.small.images import copy_stacks

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Live
    from tests.rehearsal.aws.account import Account

pytestmark = pytest.mark.slow

KEYS = {each.name for each in fields(Outputs)}
PROVIDERS = [f"mlops_infra.rehearsal.{cloud}" for cloud in ("azure", "gcp")]


def test_one_file_deploys_to_every_cloud(account: Account, tmp_path: Path) -> None:
    project = Project(tmp_path)
    copy_stacks(tmp_path)  # any deploy to gcp builds the front's image
    states = {
        cloud: {"state": {"url": f"file://{cloud}-state", "secrets_provider": "passphrase"}}
        for cloud in ("azure", "gcp")
    }
    project.write("everywhere", {"image": IMAGE, **states})
    written = project.folder / "environments" / "everywhere.yaml"
    before = written.read_bytes()
    (tmp_path / "cdk.json").write_bytes((account.folder / "cdk.json").read_bytes())
    engine = Engine(replace(account, folder=tmp_path), "everywhere")
    with EmulatedClouds(tmp_path / "clouds", *PROVIDERS, runs=False) as clouds:
        environ = {**engine.environ, **Small(project, clouds).environ}
        found: dict[str, dict[str, str]] = {}
        for cloud in ("aws", "azure", "gcp"):
            here = ("-e", "everywhere", "--cloud", cloud)
            assert UNREACHABLE in project.run("deploy", *here, "--yes", code=1, **environ).stderr
            said = project.run("outputs", *here, "--json", code=0, **environ).stdout
            found[cloud] = json.loads(said)
        assert written.read_bytes() == before
        assert {cloud: set(outputs) for cloud, outputs in found.items()} == dict.fromkeys(
            found, KEYS
        )
        addresses = {outputs["tracking_uri"] for outputs in found.values()}
        assert len(addresses) == len(found)
        assert {outputs["mlflow_version"] for outputs in found.values()} == {"3.17.2"}
    engine.remove()


def test_this_machine_gives_the_same_outputs(live: Live) -> None:
    said = live.project.run("outputs", "-e", live.name, "--json").stdout
    assert set(json.loads(said)) == KEYS
