"""The workflows of GitHub, run by act: every step of theirs, with the real command and `gh`.

The cloud is emulated, and so are the actions of others: one table says what each leaves behind.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.conftest import REPOSITORY, Project
from tests.rehearsal.aws.account import IMAGE
from tests.rehearsal.ci import github, site
from tests.rehearsal.ci.workflows import Runner
from tests.rehearsal.pulumi.small.environment import BUCKET, SERVICE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rehearsal.aws.account import Account
    from tests.rehearsal.ci.site import Site

pytestmark = pytest.mark.slow

GOOGLE = {
    "GCP_WORKLOAD_IDENTITY_PROVIDER": "projects/1/locations/global/workloadIdentityPools/a",
    "GCP_SERVICE_ACCOUNT": "deployer@tests-project.iam.gserviceaccount.com",
}
AMAZON = {"AWS_ROLE_ARN": "arn:aws:iam::000000000000:role/deployer", "AWS_REGION": "eu-west-1"}
AUTH = "google-github-actions/auth"
SMALL = {"database": {"storage_gib": 64}}


def pull_request(number: int = 7, *, of: str = github.REPOSITORY) -> dict:
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
    deploying.change("dev", SMALL)
    planned = run("plan", "pull_request", payload=pull_request(), variables=GOOGLE)
    assert planned.is_good, planned.log
    assert planned.logins == [f"{AUTH} dev"]  # the one environment that the change is about
    _, comment = hub.comments
    assert comment["body"].startswith("## What a merge would deploy\n### dev\n~~~~\n")
    assert "+   server" in comment["body"]
    assert deploying.clouds.cloud.kinds() == {}

    deploying.clouds.faults.fail_next(SERVICE, "no more services")
    failed = run("deploy", "push", variables=GOOGLE)
    assert not failed.is_good
    assert "no more services" in failed.log
    assert failed.logins == [f"{AUTH} dev"]  # and so nothing of staging and prod
    assert names(deploying, SERVICE) == set()

    assert not run("drift", "schedule", variables=GOOGLE).is_good
    told = {each["title"]: each["body"] for each in hub.issues}
    assert set(told) == {f"{name} is not as its file says" for name in site.ENVIRONMENTS}
    body = told["prod is not as its file says"]
    assert body.startswith("### prod\n~~~~\nerror: prod on gcp is not deployed")

    merged = run("deploy", "push", variables=GOOGLE)
    assert merged.is_good, merged.log
    assert merged.logins == [f"{AUTH} {name}" for name in site.ENVIRONMENTS]
    assert names(deploying, SERVICE) == {"mlops-dev", "mlops-staging", "mlops-prod"}

    deploying.clouds.cloud.change(BUCKET, "mlops-prod-artifacts", {"location": "US"})
    assert not run("drift", "schedule", variables=GOOGLE).is_good
    assert {each["title"] for each in hub.issues} == set(told)  # brought up to date
    body = {each["title"]: each["body"] for each in hub.issues}["prod is not as its file says"]
    assert body.startswith("### prod\n~~~~\ndrift of prod on gcp:")
    assert "EU → US" in body

    taken_down = {"inputs": {"environment": "dev", "delete-data": "true"}}
    gone = run("teardown", "workflow_dispatch", payload=taken_down, variables=GOOGLE)
    assert gone.is_good, gone.log
    assert names(deploying, BUCKET) == {"mlops-staging-artifacts", "mlops-prod-artifacts"}


def test_only_what_is_on_main_is_deployed(deploying: Site) -> None:
    elsewhere = {"ref": "refs/heads/other"}
    ran = deploying.runner.run("deploy", "workflow_dispatch", payload=elsewhere, variables=GOOGLE)
    assert ran.logins == []
    assert deploying.clouds.cloud.kinds() == {}


def test_on_aws_no_workflow_deletes_data(deploying: Site) -> None:
    wanted = {"inputs": {"environment": "dev", "delete-data": "true"}}
    ran = deploying.runner.run("teardown", "workflow_dispatch", payload=wanted, variables=AMAZON)
    assert not ran.is_good
    assert "mlops-infra teardown -e $MLOPS_INFRA_ENV --delete-data" in ran.log
    assert ran.logins == []


def test_nothing_is_taken_down_that_is_named_wrong(deploying: Site) -> None:
    wrong = {"inputs": {"environment": "prdo", "delete-data": "false"}}
    refused = deploying.runner.run("teardown", "workflow_dispatch", payload=wrong, variables=GOOGLE)
    assert not refused.is_good
    assert "unknown environment 'prdo'" in refused.log


def test_a_change_of_the_code_is_planned_for_every_environment_in_the_comment_that_is_there(
    deploying: Site,
) -> None:
    deploying.github.say(7, github.BOT, "## What a merge would deploy\n### prod\nan older plan")
    (deploying.folder / "stacks" / "note.txt").write_text("changed")
    (deploying.folder / "environments" / "prod.yaml").unlink()
    deploying.change("staging", {"owner": ""})
    planned = deploying.runner.run("plan", "pull_request", payload=pull_request(), variables=GOOGLE)
    assert not planned.is_good
    assert sorted(planned.logins) == [f"{AUTH} dev", f"{AUTH} staging"]
    [comment] = deploying.github.comments
    assert "### dev\n~~~~\ndeploy of dev on gcp:" in comment["body"]
    assert "### staging\n~~~~\nerror: 1 problem in the environment file" in comment["body"]
    assert "prod" not in comment["body"]


def test_the_code_of_a_fork_never_runs(deploying: Site) -> None:
    deploying.change("dev", SMALL)
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
    wanted = {"inputs": {"environment": "dev", "delete-data": "false"}}
    assert deploying.runner.run("teardown", "workflow_dispatch", payload=wanted).is_good
    deploying.change("dev", SMALL)
    ran = deploying.runner.run("plan", "pull_request", payload=pull_request())
    assert ran.is_good, ran.log
    assert deploying.github.comments == []
    assert deploying.clouds.cloud.kinds() == {}


def test_on_aws_the_cdk_is_installed_too(account: Account, tmp_path: Path) -> None:
    repository = site.written(tmp_path / "repository")
    cdk = json.loads((REPOSITORY / "package.json").read_text())["devDependencies"]["aws-cdk"]
    package = {"private": True, "devDependencies": {"aws-cdk": cdk}}
    (repository / "package.json").write_text(json.dumps(package))
    site.commit(repository)
    own = {"project": "merged", "cloud": "aws", "image": IMAGE}  # others deploy `mlops-dev`
    Project(repository).write("dev", own)
    site.commit(repository)
    with github.emulated() as hub:
        runner = Runner(repository, tmp_path, environ=hub.environ, credentials=account.aws.environ)
        planned = runner.run("plan", "pull_request", payload=pull_request(), variables=AMAZON)
        assert planned.is_good, planned.log
        assert planned.logins == ["aws-actions/configure-aws-credentials dev"]
        [comment] = hub.comments
        assert "AWS::RDS::DBInstance" in comment["body"]
        assert hub.refused == []
