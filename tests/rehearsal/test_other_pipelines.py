"""The pipeline of Azure DevOps and the build of Cloud Build: every script of theirs, run.

What a task leaves behind, a login, is in a table beside what runs the pipeline.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.conftest import REPOSITORY
from tests.rehearsal.pipelines import azure_devops, site
from tests.rehearsal.small.environment import BUCKET, SERVICE

if TYPE_CHECKING:
    from tests.rehearsal.pipelines.azure_devops import Run
    from tests.rehearsal.pipelines.site import Site

pytestmark = pytest.mark.slow

EACH = list(site.ENVIRONMENTS)


def run(deploying: Site, reason: str, **given: str) -> Run:
    file = deploying.folder / "pipelines" / "azure-devops.yml"
    return azure_devops.run(
        azure_devops.expanded(file, reason=reason, **given),
        folder=deploying.folder,
        environ=deploying.environ,
        login=deploying.login,
    )


def test_azure_devops_takes_a_change_through_three_environments(deploying: Site) -> None:
    cloud = deploying.clouds.cloud
    planned = run(deploying, "PullRequest")
    assert planned.results == {f"plan_{name}": True for name in EACH}, planned.log
    assert planned.connections == [f"mlops-infra-{name}" for name in EACH]
    assert [page.startswith("~~~~\ndeploy of ") for page in planned.pages] == [True] * 3
    assert cloud.kinds() == {}

    deploying.clouds.faults.fail_next(SERVICE, "no more services", skip=1)
    failed = run(deploying, "IndividualCI")
    assert failed.results == {"dev": True, "staging": False}, failed.log
    assert "no more services" in failed.pages[1]

    merged = run(deploying, "IndividualCI")
    assert merged.results == dict.fromkeys(EACH, True), merged.log

    cloud.change(BUCKET, "mlops-dev-artifacts", {"location": "US"})
    drifted = run(deploying, "Schedule")
    assert drifted.results == {"drift_dev": False, "drift_staging": True, "drift_prod": True}
    assert "EU → US" in drifted.pages[0]

    gone = run(deploying, "Manual", teardown="dev")
    assert gone.results == {"dev": True}, gone.log
    assert len(cloud.of(SERVICE)) == 2


def test_a_step_of_cloud_build_plans_and_a_failure_fails_it(
    deploying: Site, tmp_path: Path
) -> None:
    [step] = yaml.safe_load((REPOSITORY / "pipelines" / "cloudbuild.yaml").read_text())["steps"]
    installs = tmp_path / "bin" / "apt-get"
    installs.parent.mkdir()
    installs.write_text("#!/bin/sh\n")  # nothing: no image is built here
    installs.chmod(0o755)
    path = [str(installs.parent), str(Path(sys.executable).parent), os.environ["PATH"]]
    known = {**deploying.environ, **deploying.login, "HOME": os.environ["HOME"]}

    def code(environment: str, command: str) -> int:
        substitutions = {"_ENVIRONMENT": environment, "_COMMAND": command}
        given = dict(each.split("=", 1) for each in step["env"])
        assert given.pop("MLOPS_INFRA_ENV") == "$_ENVIRONMENT"
        environ = {**known, **substitutions, **given, "PATH": os.pathsep.join(path)}
        done = subprocess.run(
            ["bash", "-c", step["script"]],
            cwd=deploying.folder,
            env={**environ, "MLOPS_INFRA_ENV": environment},
            capture_output=True,
            check=False,
        )
        return done.returncode

    assert code("dev", "plan") == 0
    assert code("dev", "drift") == 1  # it is not deployed
    assert code("dev", "teardown --yes --delete-data") == 0
    assert code("prdo", "plan") == 1
