"""The workflows of GitHub, run by act: every step of theirs, with the real command and `gh`.

The cloud is emulated, and so are the actions of others: one table says what each leaves behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.rehearsal.pipelines import site
from tests.rehearsal.pipelines.github import REPOSITORY
from tests.rehearsal.small.environment import BUCKET, SERVICE

if TYPE_CHECKING:
    from tests.rehearsal.pipelines.site import Site

pytestmark = pytest.mark.slow

GOOGLE = {
    "GCP_WORKLOAD_IDENTITY_PROVIDER": "projects/1/locations/global/workloadIdentityPools/a",
    "GCP_SERVICE_ACCOUNT": "deployer@tests-project.iam.gserviceaccount.com",
}
AUTH = "google-github-actions/auth"
SMALL = {"database": {"storage_gib": 64}}


def pull_request(number: int = 7, *, of: str = REPOSITORY) -> dict:
    return {
        "number": number,
        "pull_request": {"number": number, "head": {"repo": {"full_name": of}}},
    }


def names(deploying: Site, kind: str) -> set[str]:
    return {each.rpartition("/")[2] for each in deploying.clouds.cloud.of(kind)}


def test_a_change_goes_from_a_pull_request_through_three_environments_to_its_removal(
    deploying: Site,
) -> None:
    run, hub = deploying.runner.run, deploying.github
    hub.say(7, "somebody", "## What a merge would deploy\nlooks good")  # is not ours to change
    deploying.write("dev", SMALL)
    deploying.commit()
    for _ in range(2):
        planned = run("plan", "pull_request", payload=pull_request(), variables=GOOGLE)
        assert planned.is_good, planned.log
        assert planned.logins == [f"{AUTH} dev"]  # the one environment that the change is about
        _, comment = hub.comments
        assert comment["body"].startswith("## What a merge would deploy\n### dev\n~~~~\n")
        assert "+   server" in comment["body"]
    assert deploying.clouds.cloud.kinds() == {}

    deploying.clouds.faults.fail_next(SERVICE, "no more services", skip=1)
    failed = run("deploy", "push", variables=GOOGLE)
    assert not failed.is_good
    assert "no more services" in failed.log
    assert failed.logins == [f"{AUTH} dev", f"{AUTH} staging"]  # and not to prod
    assert names(deploying, SERVICE) == {"mlops-dev"}

    assert not run("drift", "schedule", variables=GOOGLE).is_good
    [issue] = hub.issues
    assert "### prod\n~~~~\nerror: prod on gcp is not deployed" in issue["body"]
    assert "### dev" not in issue["body"]

    merged = run("deploy", "push", variables=GOOGLE)
    assert merged.is_good, merged.log
    assert merged.logins == [f"{AUTH} {name}" for name in site.ENVIRONMENTS]
    assert names(deploying, SERVICE) == {"mlops-dev", "mlops-staging", "mlops-prod"}

    deploying.clouds.cloud.change(BUCKET, "mlops-prod-artifacts", {"location": "US"})
    assert not run("drift", "schedule", variables=GOOGLE).is_good
    [issue] = hub.issues
    assert issue["body"].startswith("### prod\n~~~~\ndrift of prod on gcp:")
    assert "EU → US" in issue["body"]
    assert "### staging" not in issue["body"]

    taken_down = {"inputs": {"environment": "dev", "delete-data": "true"}}
    gone = run("teardown", "workflow_dispatch", payload=taken_down, variables=GOOGLE)
    assert gone.is_good, gone.log
    assert names(deploying, BUCKET) == {"mlops-staging-artifacts", "mlops-prod-artifacts"}


def test_nothing_is_taken_down_that_is_named_wrong(deploying: Site) -> None:
    wrong = {"inputs": {"environment": "prdo", "delete-data": "false"}}
    refused = deploying.runner.run("teardown", "workflow_dispatch", payload=wrong, variables=GOOGLE)
    assert not refused.is_good
    assert "unknown environment 'prdo'" in refused.log


def test_a_change_of_the_code_is_planned_for_every_environment_and_a_wrong_file_told_in_its_job(
    deploying: Site,
) -> None:
    (deploying.folder / "stacks" / "note.txt").write_text("changed")
    deploying.write("staging", {"owner": ""})
    deploying.commit()
    planned = deploying.runner.run("plan", "pull_request", payload=pull_request(), variables=GOOGLE)
    assert not planned.is_good
    assert sorted(planned.logins) == [f"{AUTH} {name}" for name in sorted(site.ENVIRONMENTS)]
    [comment] = deploying.github.comments
    assert "### staging\n~~~~\nerror: 1 problem in the environment file" in comment["body"]
    assert "### dev\n~~~~\ndeploy of dev on gcp:" in comment["body"]


def test_the_code_of_a_fork_never_runs(deploying: Site) -> None:
    deploying.write("dev", SMALL)
    deploying.commit()
    foreign = pull_request(of="stranger/mlops")
    ran = deploying.runner.run("plan", "pull_request", payload=foreign, variables=GOOGLE)
    assert ran.is_good, ran.log
    assert ran.logins == []
    assert deploying.github.comments == []
    assert "mlops-infra" not in ran.log


def test_without_variables_nothing_is_done_and_nothing_fails(deploying: Site) -> None:
    for workflow, event in (("deploy", "push"), ("drift", "schedule")):
        ran = deploying.runner.run(workflow, event)
        assert ran.is_good, ran.log
        assert ran.logins == []
        assert "mlops-infra bootstrap -e prod" in ran.log
    deploying.write("dev", SMALL)
    deploying.commit()
    ran = deploying.runner.run("plan", "pull_request", payload=pull_request())
    assert ran.is_good, ran.log
    assert deploying.github.comments == []
    assert deploying.clouds.cloud.kinds() == {}
