"""`mlops-infra --cloud aws`: the real command, the real CDK CLI, an emulated account."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rehearsal.aws.account import Engine

pytestmark = pytest.mark.slow


def test_a_failed_first_deploy_is_told_in_aws_s_words_and_the_next_goes_on(engine: Engine) -> None:
    reason = "The maximum number of VPCs has been reached."
    engine.account.aws.faults.fail_next("AWS::EC2::VPC", reason)
    said = engine.run("deploy", "--yes", code=1).stderr
    assert reason in said
    assert "--service-code vpc --quota-code L-F678F1CE" in said
    assert "it goes on from here" in said
    engine.deploy()
    assert engine.state == "CREATE_COMPLETE"


def test_a_failed_update_is_rolled_back_and_the_next_deploy_goes_on(engine: Engine) -> None:
    engine.deploy()
    engine.write({"database": {"size": "small"}})
    engine.account.aws.faults.fail_next(
        "AWS::RDS::DBInstance", "InsufficientDBInstanceCapacity", operation="update"
    )
    said = engine.run("deploy", "--yes", code=1).stderr
    assert "InsufficientDBInstanceCapacity" in said
    engine.deploy()
    assert engine.state == "UPDATE_COMPLETE"


def test_another_deploy_that_is_running_exits_5(
    engine: Engine, until: Callable[[Callable[[], bool]], None]
) -> None:
    engine.deploy()
    engine.write({"database": {"size": "small"}})
    engine.account.aws.faults.delay(60)  # or until it is none
    try:
        engine.account.on(
            engine.name, "deploy", "--method=prepare-change-set", "--change-set-name", "a"
        )
        engine.account.client("cloudformation").execute_change_set(
            StackName=f"mlops-{engine.name}", ChangeSetName="a"
        )
        until(lambda: engine.state == "UPDATE_IN_PROGRESS")
        said = engine.run("deploy", "--yes", code=5).stderr
        assert "is being changed by another deploy" in said
    finally:
        engine.account.aws.faults.delay(0)
    until(lambda: engine.state == "UPDATE_COMPLETE")


@pytest.mark.parametrize(
    ("changes", "more", "code", "says"),
    [
        ({}, {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, 4, "no AWS credentials"),
        ({"aws": {"account": "111111111111"}}, {}, 4, "of account 000000000000"),
        ({"aws": {"region": "eu-wset-1"}}, {}, 3, "did you mean 'eu-west-1'"),
        ({"aws": {"region": "us-west-2"}}, {}, 4, "mlops-infra bootstrap"),
        ({}, {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, 4, "cannot be reached"),
        ({}, {"PATH": "/nowhere"}, 4, "Node.js"),
    ],
)
def test_a_missing_prerequisite_is_told_before_anything_is_made(
    engine: Engine, changes: dict[str, Any], more: dict[str, str], code: int, says: str
) -> None:
    engine.write(changes)
    began = time.monotonic()
    said = engine.run("plan", code=code, **more).stderr
    assert says in said
    assert time.monotonic() - began < 60
