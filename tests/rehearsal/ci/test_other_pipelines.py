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
from tests.rehearsal.ci import azure_devops
from tests.rehearsal.pulumi.small.environment import BUCKET, SERVICE

if TYPE_CHECKING:
    from tests.rehearsal.ci.azure_devops import Run
    from tests.rehearsal.ci.site import Site

pytestmark = pytest.mark.slow


def run(deploying: Site, reason: str, **given: str | list[str]) -> Run:
    file = deploying.folder / "pipelines" / "azure-devops.yml"
    return azure_devops.run(
        azure_devops.expanded(file, reason=reason, **given),
        folder=deploying.folder,
        environ=deploying.environ,
        login=deploying.login,
    )


def test_azure_devops_plans_deploys_in_order_finds_drift_and_takes_down(deploying: Site) -> None:
    cloud = deploying.clouds.cloud
    planned = run(deploying, "PullRequest", environments=["dev"])
    assert planned.results == {"plan_dev": True}, planned.log
    assert planned.pages[0].startswith("~~~~\ndeploy of dev on gcp:")
    assert cloud.kinds() == {}

    deploying.write("staging", {"owner": ""})
    merged = run(deploying, "IndividualCI", environments=["dev", "staging", "prod"])
    assert merged.results == {"dev": True, "staging": False}, merged.log  # and nothing of prod
    assert merged.connections == ["mlops-infra-dev", "mlops-infra-staging"]
    assert "error: 1 problem in the environment file" in merged.pages[1]
    assert len(cloud.of(SERVICE)) == 1

    cloud.change(BUCKET, "mlops-dev-artifacts", {"location": "US"})
    drifted = run(deploying, "Schedule")
    assert drifted.results == {"drift_dev": False, "drift_staging": False, "drift_prod": False}
    assert "EU → US" in drifted.pages[0]
    assert "prod on gcp is not deployed" in drifted.pages[2]

    gone = run(deploying, "Manual", teardown="prod")
    assert gone.results == {"prod": True}, gone.log
    assert "nothing to do: there is no prod on gcp" in gone.pages[0]
    assert len(cloud.of(SERVICE)) == 1


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

    def run_step(environment: str, command: str) -> subprocess.CompletedProcess[str]:
        substitutions = {"_ENVIRONMENT": environment, "_COMMAND": command}
        given = dict(each.split("=", 1) for each in step["env"])
        assert given.pop("MLOPS_INFRA_ENV") == "$_ENVIRONMENT"
        environ = {**known, **substitutions, **given, "PATH": os.pathsep.join(path)}
        return subprocess.run(
            ["bash", "-c", step["script"]],
            cwd=deploying.folder,
            env={**environ, "MLOPS_INFRA_ENV": environment},
            capture_output=True,
            text=True,
            check=False,
        )

    planned = run_step("dev", "plan")
    assert planned.returncode == 0, planned.stderr
    assert planned.stdout.startswith("deploy of dev on gcp:")
    refused = run_step("prdo", "teardown --yes")
    assert refused.returncode == 1
    assert "unknown environment 'prdo'" in refused.stderr
