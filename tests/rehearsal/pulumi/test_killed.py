"""A deploy or a teardown on azure or gcp killed at any point is finished by the next one.

Each point is a state that can be seen from outside: a program that runs, or a request that the
cloud has taken and not answered. `alone`: the command dies, and Pulumi goes on without it. `all`:
everything on this machine dies; what the cloud was asked for is there all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_infra.engines.pulumi.deployment import LOG_BUCKET
from tests.rehearsal.pulumi.killing import Held, Subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rehearsal.killing import Command
    from tests.rehearsal.pulumi.killing import Moment
    from tests.rehearsal.pulumi.small.environment import Small

pytestmark = pytest.mark.slow

TYPES = {
    "azure": {
        "first": "azure-native:resources:ResourceGroup",
        "network": "azure-native:network:VirtualNetwork",
        "database": "azure-native:dbforpostgresql:Server",
        "artifacts": "azure-native:storage:StorageAccount",
        "server": "azure-native:app:ContainerApp",
        "alarm": "azure-native:monitor:MetricAlert",
    },
    "gcp": {
        "first": "gcp:projects/service:Service",
        "network": "gcp:compute/network:Network",
        "database": "gcp:sql/databaseInstance:DatabaseInstance",
        "artifacts": "gcp:storage/bucket:Bucket",
        "server": "gcp:cloudrunv2/service:Service",
        "alarm": "gcp:monitoring/alertPolicy:AlertPolicy",
        "channel": "gcp:monitoring/notificationChannel:NotificationChannel",
    },
}


def plans(command: Command[Subject]) -> bool:
    return command.runs("preview")


def has_shown_the_plan(command: Command[Subject]) -> bool:
    return "deploy of" in command.said


def has_an_empty_stack(command: Command[Subject]) -> bool:
    return command.subject.state_file.exists()


def deletes(command: Command[Subject]) -> bool:
    return command.runs("destroy") and bool(command.subject.locks)


NOTHING_MADE = {
    "while it plans, alone": (plans, False),
    "while it plans, all": (plans, True),
    "when the plan is shown, all": (has_shown_the_plan, True),
}
FIRST = {
    "with an empty stack, all": (has_an_empty_stack, True),
    "before the first is made, all": (("first", "create"), True),
    "before the database is made, alone": (("database", "create"), False),
    "when the database is there, all": (("database", "created"), True),
    "when the artifacts' store is there, all": (("artifacts", "created"), True),
    "when the server is there, all": (("server", "created"), True),
    "before an alarm is made, alone": (("alarm", "create"), False),
}
UPDATE = {
    "while it plans, all": (plans, True),
    "before the database is changed, all": (("database", "update"), True),
    "when the server is changed, alone": (("server", "updated"), False),
}
TEARDOWN = {
    "when it begins, all": (deletes, True),
    "before an alarm is deleted, alone": (("alarm", "delete"), False),
    "when an alarm is deleted, all": (("alarm", "deleted"), True),
    "when the server is deleted, all": (("server", "deleted"), True),
    "when the network is deleted, all": (("network", "deleted"), True),
}
TEARDOWN_OF_DATA = {
    "when the database is deleted, all": (("database", "deleted"), True),
    "when the artifacts' store is deleted, alone": (("artifacts", "deleted"), False),
}


@pytest.fixture(params=list(TYPES))
def cloud(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def whole(cloud: str, shipped: Callable[[str], Small]) -> dict[str, int]:
    """What a deploy makes that nobody kills."""
    return shipped(cloud).there


@pytest.fixture
def absent(cloud: str, whole: dict[str, int], unshipped: Callable[[str], Small]) -> Subject:  # noqa: ARG001 - looked at before
    return Subject(unshipped(cloud))


@pytest.fixture
def deployed(cloud: str, shipped: Callable[[str], Small]) -> Subject:
    return Subject(shipped(cloud))


def killed(subject: Subject, point: tuple[Moment | tuple[str, str], bool], *words: str) -> None:
    moment, with_all = point
    if isinstance(moment, tuple):
        name, operation = moment
        moment = Held(TYPES[subject.small.cloud][name], operation)
    subject.killed(moment, with_all=with_all, words=words or ("deploy",))


@pytest.mark.parametrize("point", NOTHING_MADE)
def test_a_deploy_killed_before_it_begins_has_made_nothing(absent: Subject, point: str) -> None:
    killed(absent, NOTHING_MADE[point])
    assert not absent.there
    assert absent.deployment is None
    assert not absent.locks


@pytest.mark.parametrize("point", FIRST)
def test_a_first_deploy_killed_anywhere_is_finished_by_the_next(
    absent: Subject, whole: dict[str, int], point: str
) -> None:
    killed(absent, FIRST[point])
    absent.small.deploy()
    absent.assert_at_rest()
    assert absent.small.there == whole


@pytest.mark.parametrize(
    ("cloud", "what"), [("azure", "alarm"), ("gcp", "alarm"), ("gcp", "channel")]
)
def test_what_watches_is_taken_into_the_state_though_nobody_heard_of_it(
    absent: Subject, whole: dict[str, int], what: str
) -> None:
    lose(absent, what)
    absent.small.deploy()
    absent.assert_at_rest()
    assert absent.small.there == whole


@pytest.mark.parametrize("cloud", ["gcp"])
def test_an_alarm_that_cannot_be_asked_for_waits_and_one_of_two_is_the_user_s_to_tell(
    absent: Subject, whole: dict[str, int]
) -> None:
    small, kind = absent.small, TYPES["gcp"]["alarm"]
    lose(absent, "alarm")
    with small.clouds.settings.having(apis_off=["monitoring.googleapis.com"]):
        said = small.run("deploy", "--yes", code=4).stderr
    assert "monitoring.googleapis.com has not been used" in said
    assert absent.deployment is not None
    unheard = [each for each in absent.deployment.pending if each.kind == kind and not each.id]
    assert unheard, "they are asked for again"

    cloud, shown = small.clouds.cloud, unheard[0].inputs["displayName"]
    by_name = {each.inputs["displayName"]: each_id for each_id, each in cloud.of(kind).items()}
    lost, other = by_name[shown], f"{by_name[shown]}0"
    cloud.put(kind, other, cloud.of(kind)[lost])
    said = small.run("deploy", "--yes", code=1).stderr
    for each in (lost, other):
        assert each in said
        cloud.delete(kind, each)
    small.deploy()
    absent.assert_at_rest()
    assert small.there == whole


def lose(subject: Subject, what: str) -> None:
    """Kill a first deploy that has made something of a type and not heard so."""
    kind = TYPES[subject.small.cloud][what]
    subject.killed(Held(kind, "created"), with_all=True)
    assert kind in {each["resource"]["type"] for each in subject.pending}


def test_a_teardown_tells_and_deletes_what_a_killed_deploy_was_making(absent: Subject) -> None:
    killed(absent, FIRST["when the database is there, all"])
    lost = told_of(absent)
    said = absent.small.run("teardown", "--yes", "--delete-data").stderr
    assert [each for each in lost if each not in said] == []
    assert absent.deployment is None
    assert not absent.locks
    assert {kind for kind, _ in absent.there} <= {LOG_BUCKET}


def test_a_teardown_keeps_the_data_s_store_that_a_killed_deploy_was_making(absent: Subject) -> None:
    killed(absent, FIRST["when the artifacts' store is there, all"])
    lost = told_of(absent)
    said = absent.small.run("teardown", "--yes").stderr
    assert [each for each in lost if each not in said] == []
    absent.assert_at_rest()
    assert TYPES[absent.small.cloud]["artifacts"] in {kind for kind, _ in absent.there}


def told_of(subject: Subject) -> list[str]:
    """Return what a teardown has to tell of what a killed deploy was making."""
    assert subject.deployment is not None
    lost = [each.where for each in subject.deployment.pending if not each.is_repeatable]
    assert lost
    return lost


@pytest.mark.parametrize("point", UPDATE)
def test_an_update_killed_anywhere_is_finished_by_the_next(deployed: Subject, point: str) -> None:
    deployed.small.write({"tags": {"killed": "yes"}})
    killed(deployed, UPDATE[point])
    deployed.small.deploy()
    deployed.assert_at_rest()
    assert deployed.small.run("plan").stdout.startswith("nothing to do")


@pytest.mark.parametrize("point", TEARDOWN)
def test_a_teardown_killed_anywhere_is_finished_by_the_next(deployed: Subject, point: str) -> None:
    killed(deployed, TEARDOWN[point], "teardown")
    deployed.small.run("teardown", "--yes")
    deployed.assert_at_rest()
    found = deployed.deployment
    assert found is not None
    assert {each.urn for each in found.resources} <= found.kept


@pytest.mark.parametrize("point", TEARDOWN_OF_DATA)
def test_a_teardown_of_data_killed_anywhere_is_finished_by_the_next(
    deployed: Subject, point: str
) -> None:
    killed(deployed, TEARDOWN_OF_DATA[point], "teardown", "--delete-data")
    deployed.small.run("teardown", "--yes", "--delete-data")
    assert deployed.deployment is None
    assert not deployed.locks
    assert {kind for kind, _ in deployed.there} <= {LOG_BUCKET}
