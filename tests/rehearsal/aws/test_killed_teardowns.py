"""A teardown on AWS killed at any point is finished by the next one, or undone by a deploy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.rehearsal.aws.inventory import held
from tests.rehearsal.aws.killing import SLOW_SECONDS, Subject, subject_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.rehearsal.aws.account import Account
    from tests.rehearsal.aws.killing import Moment
    from tests.rehearsal.killing import Command

pytestmark = pytest.mark.slow


def synthesises(command: Command[Subject]) -> bool:
    # The CLI that asks for it: what answers has the answer, and is there for a moment only.
    return "teardown of" in command.said and command.runs("synth")


def starts_to_destroy(command: Command[Subject]) -> bool:
    return command.runs("destroy") and command.subject.state == "CREATE_COMPLETE"


def deletes(count: int) -> Moment:
    return lambda command: command.subject.events("DELETE_COMPLETE") >= count


POINTS = {
    "while it synthesises, all": (synthesises, True),
    "before it deletes, all": (starts_to_destroy, True),
    "one of the resources, alone": (deletes(1), False),
    "half of the resources, all": (deletes(36), True),
    "before the network is deleted, alone": (("AWS::EC2::VPC", "delete"), False),
}


@pytest.fixture(scope="module")
def subject(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Subject:
    return subject_in(tmp_path_factory.mktemp("torn"), account, "torn")


@pytest.fixture
def deployed(subject: Subject) -> Iterator[Subject]:
    subject.engine.deploy()
    yield subject
    subject.remove()


@pytest.mark.parametrize("point", POINTS)
def test_a_teardown_killed_anywhere_is_finished_by_the_next(deployed: Subject, point: str) -> None:
    moment, with_all = POINTS[point]
    deployed.killed(moment, with_all=with_all, verb="teardown")
    deployed.engine.run("teardown", "--yes")
    deployed.account.aws.faults.delay(0)
    assert deployed.state == ""
    kept = deployed.account.client("s3").list_buckets(Prefix=f"mlops-{deployed.name}-")["Buckets"]
    assert held(deployed.account, deployed.name) == {each["Name"] for each in kept}
    assert "nothing to do" in deployed.engine.run("teardown", "--yes").stderr


def test_after_a_killed_teardown_a_deploy_waits_for_its_end_and_brings_all_back(
    deployed: Subject, until: Callable[[Callable[[], bool]], None]
) -> None:
    deployed.killed(deletes(10), with_all=True, verb="teardown")
    deployed.account.aws.faults.delay(60)  # or until it is none
    said = deployed.engine.run("deploy", "--yes", code=5).stderr
    assert "delete_in_progress" in said
    assert "wait until it has finished" in said
    deployed.account.aws.faults.delay(0)
    until(lambda: deployed.state == "")
    assert deployed.converge() == 1
    deployed.assert_converged()


def test_an_interrupted_teardown_says_how_to_go_on_and_the_next_one_does(
    deployed: Subject,
) -> None:
    deployed.account.aws.faults.delay(SLOW_SECONDS)
    with deployed.command("teardown") as command:
        command.wait_for(deletes(10))
        assert command.interrupt() == 130
    assert f"interrupted: {deployed.name} on aws" in command.said
    assert f"mlops-infra teardown -e {deployed.name}" in command.said
    deployed.account.aws.faults.delay(0)
    deployed.engine.run("teardown", "--yes")
    assert deployed.state == ""
