"""A deploy to AWS killed at any point is finished by the next one, and leaves nothing behind.

Each point is a state that can be seen from outside, so that no two are the same on a quick machine
or a slow one. `alone`: the command's process group dies, as with its terminal, and the CDK CLI goes
on. `all`: everything on this machine dies; CloudFormation goes on, as it does in any case.
"""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import pytest

from tests.rehearsal.aws.killing import SLOW_SECONDS, Subject, subject_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.rehearsal.aws.account import Account
    from tests.rehearsal.aws.killing import Moment
    from tests.rehearsal.killing import Command

pytestmark = pytest.mark.slow

RESOURCES = 72
"""Of an environment like dev: see docs/aws.md."""


def synthesises(command: Command[Subject]) -> bool:
    return command.runs("stacks.aws")


def has_shown_the_plan(command: Command[Subject]) -> bool:
    return "deploy of" in command.said


def prepares(command: Command[Subject]) -> bool:
    return has_shown_the_plan(command) and command.runs("prepare-change-set")


def has_a_change_set(command: Command[Subject]) -> bool:
    return command.subject.state == "REVIEW_IN_PROGRESS"


def starts_to_execute(command: Command[Subject]) -> bool:
    return command.runs("execute-change-set") and command.subject.state in RESTING


def creates(share: float) -> Moment:
    return lambda command: command.subject.has("CREATE_COMPLETE") >= share * RESOURCES


def is_created(command: Command[Subject]) -> bool:
    return command.subject.state == "CREATE_COMPLETE"


def rolls_back(command: Command[Subject]) -> bool:
    return command.subject.state == "ROLLBACK_IN_PROGRESS"


def removes_remains(command: Command[Subject]) -> bool:
    return "remove what a failed deploy left" in command.said


def plans_an_update(command: Command[Subject]) -> bool:
    return not has_shown_the_plan(command) and command.runs("prepare-change-set")


def updates(command: Command[Subject]) -> bool:
    return (
        command.subject.state == "UPDATE_IN_PROGRESS" and command.subject.has("UPDATE_COMPLETE") > 0
    )


def rolls_an_update_back(command: Command[Subject]) -> bool:
    return command.subject.state == "UPDATE_ROLLBACK_IN_PROGRESS"


RESTING = ("REVIEW_IN_PROGRESS", "CREATE_COMPLETE", "UPDATE_COMPLETE")
HARMLESS = {
    "while it synthesises, alone": (synthesises, False),
    "while it synthesises, all": (synthesises, True),
    "when the plan is shown, all": (has_shown_the_plan, True),
}
FIRST = {
    "while it publishes, alone": (prepares, False),
    "while it publishes, all": (prepares, True),
    "with a change set, alone": (has_a_change_set, False),
    "with a change set, all": (has_a_change_set, True),
    "before it executes, all": (starts_to_execute, True),
    "one of the resources, alone": (creates(1 / RESOURCES), False),
    "half of the resources, all": (creates(0.5), True),
    "half of the resources, alone": (creates(0.5), False),
    "nearly all resources, all": (creates(0.95), True),
    "all resources, alone": (is_created, False),
}
UPDATE = {
    "while it plans, all": (plans_an_update, True),
    "while it publishes, alone": (prepares, False),
    "before it executes, all": (starts_to_execute, True),
    "half-way, alone": (updates, False),
    "half-way, all": (updates, True),
}
OTHER = cycle(("once", "again"))
"""A change each time, and no more than two descriptions to synthesise."""


@pytest.fixture(scope="module")
def subject(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Subject:
    return subject_in(tmp_path_factory.mktemp("killed"), account, "killed")


@pytest.fixture
def absent(subject: Subject) -> Iterator[Subject]:
    """Nothing is there before, and nothing afterwards."""
    subject.engine.write()
    yield subject
    subject.remove()


@pytest.fixture(scope="module")
def deployed(subject: Subject) -> Iterator[Subject]:
    subject.engine.write()
    subject.engine.deploy()
    yield subject
    subject.remove()


@pytest.mark.parametrize("point", HARMLESS)
def test_a_deploy_killed_before_it_begins_has_made_nothing(subject: Subject, point: str) -> None:
    moment, with_all = HARMLESS[point]
    subject.engine.write(
        {"tags": {"synthesised": f"for {len(point)}"}}
    )  # anew, by the shipped code
    subject.killed(moment, with_all=with_all)
    subject.account.aws.faults.delay(0)
    assert subject.state == ""


@pytest.mark.parametrize("point", FIRST)
def test_a_first_deploy_killed_anywhere_is_finished_by_the_next(
    absent: Subject, point: str
) -> None:
    moment, with_all = FIRST[point]
    absent.killed(moment, with_all=with_all)
    absent.converge()
    absent.assert_converged()


def test_a_deploy_killed_while_it_rolls_back_is_finished_by_the_next_two(absent: Subject) -> None:
    absent.account.aws.faults.fail_next("AWS::ECS::Service", "no capacity")
    absent.killed(rolls_back, with_all=True)
    assert absent.converge() == 2
    absent.assert_converged()


def test_a_deploy_killed_while_it_removes_a_failed_one_is_finished_by_the_next(
    absent: Subject,
) -> None:
    absent.account.aws.faults.fail_next("AWS::ECS::Service", "no capacity")
    absent.engine.run("deploy", "--yes", code=1)
    assert absent.state == "ROLLBACK_COMPLETE"
    absent.killed(removes_remains, with_all=True)
    absent.converge()
    absent.assert_converged()


@pytest.mark.parametrize("point", UPDATE)
def test_an_update_killed_anywhere_is_finished_by_the_next(deployed: Subject, point: str) -> None:
    moment, with_all = UPDATE[point]
    deployed.engine.write({"tags": {"killed": next(OTHER)}})
    deployed.killed(moment, with_all=with_all)
    deployed.converge()
    deployed.assert_converged()


def test_an_update_killed_while_it_rolls_back_is_finished_by_the_next_two(
    deployed: Subject,
) -> None:
    deployed.engine.write({"database": {"size": "small"}, "tags": {"killed": "rolling back"}})
    faults = deployed.account.aws.faults
    faults.fail_next("AWS::RDS::DBInstance", "no capacity", operation="update")
    deployed.killed(rolls_an_update_back, with_all=False)
    assert deployed.converge() == 2
    deployed.assert_converged()


@pytest.mark.parametrize("moment", [prepares, creates(0.5)])
def test_an_interrupted_deploy_says_how_to_go_on_and_the_next_one_does(
    absent: Subject, moment: Moment
) -> None:
    absent.account.aws.faults.delay(SLOW_SECONDS)
    with absent.command("deploy") as command:
        command.wait_for(moment)
        assert command.interrupt() == 130
    assert f"interrupted: {absent.name} on aws" in command.said
    assert f"mlops-infra status -e {absent.name}" in command.said
    assert f"mlops-infra deploy -e {absent.name}" in command.said
    assert "Traceback" not in command.said
    absent.converge()
    absent.assert_converged()
