"""What the engine reads of a stack that is up, over an account in memory."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from mlops_infra.engines.cdk.engine import CdkEngine
from mlops_infra.errors import NotDeployedError, PrerequisiteError
from mlops_infra.model import Goal, State
from tests.unit.engines.cdk.conftest import ACCOUNT, stack_answers, target_in, there_is_no_stack

if TYPE_CHECKING:
    from pathlib import Path

    import boto3

    from mlops_infra.model import Target

URI = "https://d1.cloudfront.net"


@pytest.fixture
def deployed(aws: boto3.Session, target: Target) -> boto3.Session:
    """A stack with a service of which one replica of two runs, a database, a log, a secret."""
    secret = aws.client("secretsmanager").create_secret(Name="admin", SecretString="of-the-admin")
    aws.client("ecs").create_cluster(clusterName="c")
    aws.client("ecs").register_task_definition(
        family="t", containerDefinitions=[{"name": "mlflow", "image": "i", "memory": 1}]
    )
    aws.client("ecs").create_service(
        cluster="c", serviceName="s", taskDefinition="t", desiredCount=2
    )
    aws.client("rds").create_db_instance(
        DBInstanceIdentifier="mlops-dev",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="mlflow",
        MasterUserPassword="long-enough",
    )
    aws.client("logs").create_log_group(logGroupName="g")
    stack_answers(
        target,
        {
            "TrackingUri": URI,
            "ArtifactUri": "s3://b/artifacts",
            "AdminSecret": secret["ARN"],
            "ClusterName": "c",
            "ServiceName": "s",
            "DatabaseIdentifier": "mlops-dev",
            "LogGroupName": "g",
            "MlflowVersion": "3.1.4",
        },
    )
    return aws


def test_outputs_are_the_stack_s_and_not_secret(deployed: boto3.Session, target: Target) -> None:
    del deployed
    found = CdkEngine().outputs(target)
    assert (found.tracking_uri, found.health_url) == (URI, f"{URI}/health")
    assert found.mlflow_version == "3.1.4", "that of the stack, not of this package"
    assert "secret" not in repr(found).lower()


@pytest.mark.parametrize("verb", ["outputs", "credentials", "drift"])
def test_what_is_not_deployed_is_told_so(aws: boto3.Session, target: Target, verb: str) -> None:
    del aws
    there_is_no_stack(target)
    with pytest.raises(NotDeployedError, match="dev on aws is not deployed"):
        getattr(CdkEngine(), verb)(target)


VERBS = {
    "outputs": lambda target: CdkEngine().outputs(target),
    "credentials": lambda target: CdkEngine().credentials(target),
    "status": lambda target: CdkEngine().status(target),
    "drift": lambda target: CdkEngine().drift(target),
    "logs": lambda target: list(CdkEngine().logs(target, follow=False)),
    "teardown": lambda target: CdkEngine().plan(target, Goal.TEARDOWN),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("holds", ["a stack of that name", "none"])
def test_credentials_of_another_account_than_the_file_s_are_refused(
    aws: boto3.Session, tmp_path: Path, verb: str, holds: str
) -> None:
    del aws
    target = target_in(tmp_path, account="111111111111")
    if holds != "none":
        stack_answers(target, {"TrackingUri": URI}, account=ACCOUNT)
    else:
        there_is_no_stack(target)
    with pytest.raises(PrerequisiteError, match=f"of account {ACCOUNT}, the file names 1111"):
        VERBS[verb](target)


@pytest.mark.parametrize("verb", ["outputs", "credentials", "drift"])
def test_a_deploy_that_never_got_through_is_none(
    aws: boto3.Session, target: Target, verb: str
) -> None:
    del aws
    stack_answers(target, {"Other": "1"})
    with pytest.raises(NotDeployedError, match="dev on aws is not deployed"):
        getattr(CdkEngine(), verb)(target)


def test_the_log_of_what_is_not_deployed_is_told_so(aws: boto3.Session, target: Target) -> None:
    del aws
    there_is_no_stack(target)
    with pytest.raises(NotDeployedError):
        next(CdkEngine().logs(target, follow=False))


def test_the_login_is_in_secrets_manager(deployed: boto3.Session, target: Target) -> None:
    del deployed
    found = CdkEngine().credentials(target)
    assert found is not None
    assert (found.username, found.password) == ("admin", "of-the-admin")


def test_status_tells_each_part_from_one_description_of_the_stack(
    deployed: boto3.Session, target: Target
) -> None:
    del deployed
    found = CdkEngine().status(target)
    states = {part.name: (part.state, part.detail) for part in found.components}
    assert states["stack"] == (State.RUNNING, "create complete")
    assert states["server"] == (State.STOPPED, "0 of 2 replicas")
    assert states["database"][0] is State.RUNNING
    assert found.is_deployed
    assert found.since is not None


def test_parts_that_were_deleted_by_hand_are_absent(
    deployed: boto3.Session, target: Target
) -> None:
    deployed.client("ecs").delete_service(cluster="c", service="s", force=True)
    deployed.client("rds").delete_db_instance(
        DBInstanceIdentifier="mlops-dev", SkipFinalSnapshot=True
    )
    states = {part.name: part.state for part in CdkEngine().status(target).components}
    assert (states["server"], states["database"]) == (State.ABSENT, State.ABSENT)


def test_status_of_nothing_is_absent(aws: boto3.Session, target: Target) -> None:
    del aws
    there_is_no_stack(target)
    (stack,) = CdkEngine().status(target).components
    assert stack.state is State.ABSENT


def test_the_log_is_read_over_all_pages(deployed: boto3.Session, target: Target) -> None:
    now = int(time.time() * 1000)
    logs = deployed.client("logs")
    logs.create_log_stream(logGroupName="g", logStreamName="one")
    for first in (0, 6_000):  # a page has 10 000
        logs.put_log_events(
            logGroupName="g",
            logStreamName="one",
            logEvents=[
                {"timestamp": now - 20_000 + number, "message": f"{number:05}\n"}
                for number in range(first, first + 6_000)
            ],
        )
    found = [line.text for line in CdkEngine().logs(target, follow=False)]
    assert found == [f"{number:05}" for number in range(12_000)]


def test_a_followed_log_tells_what_comes_later_and_nothing_twice(
    deployed: boto3.Session, target: Target
) -> None:
    logs = deployed.client("logs")
    logs.create_log_stream(logGroupName="g", logStreamName="one")

    def say(text: str) -> None:
        event = {"timestamp": int(time.time() * 1000), "message": text}
        logs.put_log_events(logGroupName="g", logStreamName="one", logEvents=[event])

    say("first")
    lines = CdkEngine(poll_seconds=0).logs(target, follow=True)
    assert next(lines).text == "first"
    say("second")
    assert next(lines).text == "second"


def test_without_credentials_every_question_is_told_so(
    aws: boto3.Session, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    del aws
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(PrerequisiteError, match="no AWS credentials"):
        CdkEngine().status(target)
