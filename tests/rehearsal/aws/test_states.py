"""Whatever state a failure leaves a stack in, the next command goes on from there."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.rehearsal.aws.account import DOMAIN
from tests.rehearsal.aws.inventory import held
from tests.rehearsal.aws.killing import subject_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rehearsal.aws.account import Account, Engine

pytestmark = pytest.mark.slow

DATABASE, BALANCER = "AWS::RDS::DBInstance", "AWS::ElasticLoadBalancingV2::LoadBalancer"
SERVICE, SUBNET = "AWS::ECS::Service", "AWS::EC2::Subnet"
BIGGER = {"database": {"size": "small"}}


def test_a_rollback_that_failed_is_rolled_on_and_the_deploy_after_it_converges(
    engine: Engine,
) -> None:
    engine.deploy()
    faults = engine.account.aws.faults
    engine.write({**BIGGER, "server": {"cpu": 2, "memory_gib": 4}})
    # The database is changed, then the service is not, and the database not changed back.
    faults.fail_next(SERVICE, "no capacity", operation="update")
    faults.fail_next(DATABASE, "InsufficientDBInstanceCapacity", operation="update", skip=1)
    said = engine.run("deploy", "--yes", code=1).stderr
    assert "no capacity" in said
    assert engine.state == "UPDATE_ROLLBACK_FAILED"

    assert "is update_rollback_failed: rolled back" in engine.run("plan", code=2).stdout
    said = engine.run("deploy", "--yes", code=1).stderr
    assert "there is more to do than was shown" in said
    assert engine.state == "UPDATE_ROLLBACK_COMPLETE"
    assert engine.changes()[DATABASE] == "update"
    engine.deploy()
    assert engine.state == "UPDATE_COMPLETE"
    assert engine.run("plan").stdout.startswith("nothing to do")


def test_a_protected_environment_whose_first_deploy_failed_is_deployed_by_the_next(
    engine: Engine,
) -> None:
    engine.write(like="prod")
    engine.account.aws.faults.fail_next(SERVICE, "no capacity")
    assert "no capacity" in engine.run("deploy", "--yes", code=1).stderr
    # The rollback cannot delete what is protected.
    assert engine.state in {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}
    assert engine.account.stack(engine.name)["EnableTerminationProtection"]
    engine.deploy()
    stack = engine.account.stack(engine.name)
    assert (stack["StackStatus"], stack["EnableTerminationProtection"]) == ("CREATE_COMPLETE", True)


@pytest.mark.parametrize("verb", ["teardown", "deploy"])
def test_a_teardown_that_failed_half_way_is_gone_on_from(engine: Engine, verb: str) -> None:
    engine.deploy()
    engine.account.aws.faults.fail_next(SUBNET, "has dependencies", operation="delete")
    said = engine.run("teardown", "--yes", code=1).stderr
    assert "has dependencies" in said
    assert engine.state == "DELETE_FAILED"
    if verb == "deploy":
        engine.deploy()
        assert engine.state == "CREATE_COMPLETE"
        assert engine.run("plan").stdout.startswith("nothing to do")
    else:
        engine.run("teardown", "--yes")
        assert "not deployed" in engine.run("status", code=1).stdout


def test_a_snapshot_that_there_is_not_is_told_with_the_command_that_lists_them(
    engine: Engine,
) -> None:
    engine.write({"database": {"restore_from": "no-such-snapshot"}})
    said = engine.run("deploy", "--yes", code=1).stderr
    assert "DBSnapshot not found: no-such-snapshot" in said
    assert "aws rds describe-db-snapshots" in said


def test_a_plan_shows_a_change_of_termination_protection_and_only_a_deploy_makes_it(
    account: Account, tmp_path: Path
) -> None:
    engine = subject_in(tmp_path, account, "termination").engine
    engine.deploy()
    stacks = account.client("cloudformation")

    def is_protected() -> bool:
        return account.stack(engine.name)["EnableTerminationProtection"]

    for changes in ({}, {"artifacts": {"versioning": True}}):  # alone, and with another one
        stacks.update_termination_protection(
            StackName="mlops-termination", EnableTerminationProtection=True
        )
        engine.write(changes)
        said = engine.run("plan", code=2).stdout
        assert "update: termination protection: on → off" in said
        assert is_protected()
        engine.deploy()
        assert not is_protected()
        assert engine.run("plan").stdout.startswith("nothing to do")


def test_the_load_balancer_of_a_protected_front_door_that_is_changed_goes(
    account: Account, tmp_path: Path
) -> None:
    engine = subject_in(tmp_path, account, "doors").engine
    engine.write(like="prod")
    engine.deploy()
    (zone,) = account.client("route53").list_hosted_zones()["HostedZones"]
    own = {"hosted_zone": {"id": zone["Id"].rpartition("/")[2], "name": "example.com"}}
    access = {**DOMAIN, "domain": "doors.example.com", "exposure": "public"}  # a name of its own
    engine.write({"access": access, "aws": own}, like="prod")
    assert engine.changes()[BALANCER] in {"create", "delete"}
    engine.deploy()
    (balancer,) = [each for each in held(account, engine.name) if ":loadbalancer/" in each]
    assert balancer in account.resources(engine.name).values()
    attributes = account.client("elbv2").describe_load_balancer_attributes(LoadBalancerArn=balancer)
    assert {"Key": "deletion_protection.enabled", "Value": "true"} in attributes["Attributes"]


def test_a_stack_of_which_only_a_change_set_was_made_is_torn_down(engine: Engine) -> None:
    engine.account.deploy(engine.name, "--method=prepare-change-set", "--change-set-name", "a")
    assert engine.state == "REVIEW_IN_PROGRESS"
    said = engine.run("teardown", "--yes").stderr
    assert "is review_in_progress, without resources" in said
    with pytest.raises(ClientError, match="does not exist"):
        engine.account.stack(engine.name)


def test_who_joins_a_deploy_that_then_fails_is_told_why_and_what_mends_it(
    account: Account, tmp_path: Path
) -> None:
    subject = subject_in(tmp_path, account, "joined")
    account.aws.faults.fail_next(SERVICE, "The maximum number of addresses has been reached.")
    with ExitStack() as waiting:
        is_held = waiting.enter_context(account.aws.faults.holding(SERVICE))
        subject.killed(lambda _: is_held(), with_all=True)
        account.aws.faults.delay(0)
        with subject.command("deploy") as command:
            command.wait_for(lambda each: "wait for the deploy that is running" in each.said)
            time.sleep(2)  # until it has seen which event is the newest
            waiting.close()
            assert command.process.wait(timeout=120) == 1
    assert "The maximum number of addresses has been reached." in command.said
    assert "--service-code ec2 --quota-code L-0263D0A3" in command.said
