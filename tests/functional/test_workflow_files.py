"""What can be told of workflows and pipelines without running them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.conftest import REPOSITORY
from tests.rehearsal.ci import azure_devops
from tools import runners

GITHUB = REPOSITORY / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
PIPELINES = REPOSITORY / "pipelines"
READ, LOGIN = {"contents": "read"}, {"contents": "read", "id-token": "write"}

PERMISSIONS = {
    "ci": {"test": READ, "unit": READ},
    "deploy": {"dev": LOGIN, "staging": LOGIN, "prod": LOGIN},
    "drift": {"list": READ, "each": {**LOGIN, "issues": "write"}},  # for its two jobs to share
    "drift-of-one": {"drift": LOGIN, "issue": {"issues": "write"}},
    "plan": {"changed": READ, "plan": LOGIN, "comment": {"pull-requests": "write"}},
    "teardown": {"teardown": LOGIN},
}


def jobs(name: str) -> dict[str, Any]:
    return yaml.safe_load((GITHUB / "workflows" / f"{name}.yml").read_text())["jobs"]


def problems(*argv: str | Path) -> str:
    """Return what a checker says of the repository; nothing where it is content."""
    done = subprocess.run(argv, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


@pytest.mark.slow  # `make runners` builds it
def test_actionlint_finds_nothing() -> None:
    assert problems(runners.actionlint(), "-shellcheck=", "-pyflakes=") == ""


def test_zizmor_finds_nothing() -> None:
    zizmor = shutil.which("zizmor", path=str(Path(sys.executable).parent))
    assert zizmor, "zizmor is not installed: make setup"
    assert problems(zizmor, "--offline", "--strict-collection", ".") == ""


def test_what_zizmor_is_told_to_pass_over_has_its_reason() -> None:
    silenced = re.findall("disable: true.*|ignore:.*", (GITHUB / "zizmor.yml").read_text())
    assert silenced
    assert all(re.search("# .{20,}", each) for each in silenced)
    assert not [file for file in GITHUB.rglob("*.yml") if "zizmor: ignore" in file.read_text()]


def test_actions_are_pinned_by_commit_and_the_same_everywhere() -> None:
    text = "\n".join(file.read_text() for file in GITHUB.rglob("*.yml"))
    used = [each.strip() for each in re.findall("uses: (?![.]/)(.*)", text)]
    assert used
    assert [
        each for each in used if not re.fullmatch(r"\S+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)
    ] == []
    assert len(set(used)) == len({each.partition("@")[0] for each in used})


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_a_job_may_do_what_it_does_and_no_more(file: Path) -> None:
    workflow = yaml.safe_load(file.read_text())
    assert workflow["permissions"] == {}
    found = {name: job["permissions"] for name, job in workflow["jobs"].items()}
    assert found == PERMISSIONS[file.stem]
    # YAML's `on` is a boolean.
    assert not {"pull_request_target", "workflow_run"} & set(workflow[True])


def test_a_job_that_logs_in_does_so_for_one_environment() -> None:
    for name in PERMISSIONS:
        for job in jobs(name).values():
            is_for_one = job.get("environment") == job.get("env", {}).get("MLOPS_INFRA_ENV", "")
            if "uses" in job:
                continue  # logs in nowhere itself
            assert is_for_one == (job["permissions"] == LOGIN), name


def test_an_environment_is_changed_by_one_job_at_a_time() -> None:
    for job in (*jobs("deploy").values(), *jobs("teardown").values()):
        alone = {"group": job["environment"], "cancel-in-progress": False}
        assert job["concurrency"] == alone


@pytest.mark.parametrize(
    ("reason", "given"),
    [
        ("PullRequest", {}),
        ("Schedule", {}),
        ("IndividualCI", {}),
        ("Manual", {"teardown": "dev"}),
    ],
)
def test_the_pipeline_of_azure_devops_is_valid_however_it_starts(
    reason: str, given: dict[str, str]
) -> None:
    pipeline = azure_devops.expanded(PIPELINES / "azure-devops.yml", reason=reason, **given)
    assert "${{" not in json.dumps(pipeline)
    jsonschema.validate(pipeline, schema("azure-pipelines"))


def test_a_teardown_that_is_named_wrong_is_no_pipeline() -> None:
    file = PIPELINES / "azure-devops.yml"
    assert azure_devops.expanded(file, reason="Manual", teardown="prdo")["stages"] == []


def test_the_build_of_cloud_build_is_valid() -> None:
    build = yaml.safe_load((PIPELINES / "cloudbuild.yaml").read_text())
    jsonschema.validate(build, schema("cloudbuild"))


def schema(name: str) -> dict[str, Any]:
    folder = resources.files("check_jsonschema.builtin_schemas.vendor")
    return json.loads((folder / f"{name}.json").read_text())
