"""The emulated clouds of Pulumi's providers: strict, and as forgetful as the real ones.

The descriptions here are of SDK classes that are quick to import, not of what these really are.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pulumi_random as random
import pytest

from mlops_infra.errors import InfraError
from mlops_infra.rehearsal.pulumi import EmulatedClouds
from mlops_infra.rehearsal.pulumi.cloud import Cloud, Resource
from mlops_infra.rehearsal.pulumi.description import Call, CloudError, ResourceType
from mlops_infra.rehearsal.pulumi.diff import differences
from mlops_infra.rehearsal.pulumi.lifecycle import Lifecycle
from mlops_infra.rehearsal.pulumi.random import PROVIDER
from mlops_infra.rehearsal.pulumi.schema import mistakes
from mlops_infra.rehearsal.pulumi.wire import UNKNOWN, plain, secret_names, wired

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

PET = ResourceType(
    sdk=random.RandomPet,
    id=lambda call: f"/zoo/{call.inputs['prefix']}",
    replace_on=frozenset({"prefix", "keepers.house"}),
    replace_on_less=frozenset({"length"}),
    enums={"separator": frozenset({"-", "_"})},
    write_only=frozenset({"keepers"}),
    contains=True,
)


@pytest.fixture
def life(tmp_path: Path) -> Lifecycle:
    return Lifecycle(kind=PET, cloud=Cloud(tmp_path / "cloud.db"), config={})


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"lenght": 2}, "lenght"),
        ({"length": "two"}, "length"),
        ({"length": True}, "length"),
        ({"keepers": {"a": 1}}, "keepers.a"),
        ({"keepers": "a"}, "keepers"),
        ({"separator": "+"}, "separator"),
    ],
)
def test_what_the_sdk_does_not_know_is_refused(inputs: dict[str, Any], path: str) -> None:
    assert [where for where, _ in mistakes(PET, inputs)] == [path]


def test_a_missing_input_is_refused_and_an_unknown_value_is_not() -> None:
    password = ResourceType(sdk=random.RandomPassword, id=lambda _: "none")
    assert list(mistakes(password, {})) == [("length", "is missing")]
    assert list(mistakes(password, {"length": UNKNOWN, "__defaults": []})) == []


def test_a_second_resource_of_one_id_clashes_and_a_deleted_one_makes_room(life: Lifecycle) -> None:
    made = life.create({"prefix": "a"})
    with pytest.raises(CloudError, match="already exists"):
        life.create({"prefix": "a"})
    life.delete(made.id, made.inputs, made.outputs)
    assert life.create({"prefix": "a"}).id == "/zoo/a"


def test_a_preview_leaves_open_what_the_cloud_fills_in_and_makes_nothing(life: Lifecycle) -> None:
    kind = dataclasses.replace(PET, sdk=random.RandomId, volatile=frozenset({"hex"}))
    life = dataclasses.replace(life, kind=kind)
    previewed = life.preview_create({"byteLength": 2})
    assert previewed["byteLength"] == 2
    assert previewed["dec"] == UNKNOWN
    updated = life.preview_update({"byteLength": 3}, {"byteLength": 2, "dec": "1", "hex": "1"})
    assert updated == {"byteLength": 3, "dec": "1", "hex": UNKNOWN}
    assert life.cloud.kinds() == {}


def test_a_read_shows_changes_by_hand_but_neither_secrets_nor_what_nobody_asked_for(
    life: Lifecycle,
) -> None:
    inputs = {"prefix": "a", "length": 2, "keepers": {"secret": "s"}}
    made = life.create(inputs)
    life.cloud.change(PET.token, made.id, {"length": 3, "separator": "_", "keepers": {}})
    found = life.read(made.id, inputs, made.outputs)
    assert found
    assert found.inputs == {**inputs, "length": 3}
    imported = life.read(made.id, {}, {})
    assert imported
    assert imported.inputs == {"prefix": "a", "length": 3, "separator": "_"}
    life.cloud.delete(PET.token, made.id)
    assert life.read(made.id, inputs, made.outputs) is None
    with pytest.raises(CloudError, match="not found"):
        life.update(made.id, inputs, made.outputs)


def test_a_container_takes_along_what_lies_in_it_and_nothing_beside(life: Lifecycle) -> None:
    made = life.create({"prefix": "a"})
    nothing = Resource(inputs={}, outputs={})
    for kind, inner in (("other", "/zoo/a/b"), ("other", "/zoo/ab")):
        assert life.cloud.add(kind, inner, nothing)
    life.delete(made.id, made.inputs, made.outputs)
    assert not life.cloud.exists("/zoo/a/b")
    assert life.cloud.exists("/zoo/ab")


def test_an_output_that_the_sdk_does_not_know_is_a_mistake_in_the_description(
    life: Lifecycle,
) -> None:
    kind = dataclasses.replace(PET, computed=lambda _: {"colour": "red"})
    with pytest.raises(CloudError, match="no output colour"):
        dataclasses.replace(life, kind=kind).create({"prefix": "a"})


class Recruits:
    """Runs what it is given, unless that is called `lame`; a hand-written `Running`."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.running: set[str] = set()

    def run(self, kind: str, call: Call) -> dict[str, Any]:
        if call.inputs["prefix"] == "lame" or call.inputs.get("length") == 0:
            raise CloudError(f"{kind} does not run")
        self.running.add(call.id)
        return {"separator": "of what runs"}

    def settle(self) -> None:
        self.running = {each for each in self.running if self.cloud.get(PET.token, each)}

    def find(self, host: str) -> None:
        """Nobody is served."""

    def stop(self) -> None:
        """There is nothing to end."""


def test_what_is_made_runs_and_what_does_not_run_is_not_made(life: Lifecycle) -> None:
    running = Recruits(life.cloud)
    life = dataclasses.replace(life, running=running)
    made = life.create({"prefix": "a", "length": 2})
    assert made.outputs["separator"] == "of what runs"
    assert life.cloud.of(PET.token)[made.id].outputs == made.outputs
    with pytest.raises(CloudError, match="does not run"):
        life.create({"prefix": "lame"})
    assert list(life.cloud.of(PET.token)) == [made.id]
    with pytest.raises(CloudError, match="does not run"):
        life.update(made.id, {"prefix": "a", "length": 0}, made.outputs)
    assert life.cloud.of(PET.token)[made.id].inputs == made.inputs, "the old one goes on"
    assert running.running == {made.id}
    life.preview_update({"prefix": "a", "length": 0}, made.outputs)
    life.delete(made.id, made.inputs, made.outputs)
    assert running.running == set()


def test_a_difference_has_its_path_and_says_whether_it_replaces() -> None:
    old = {"prefix": "a", "length": 2, "keepers": {"house": "1", "list": [1, 2]}}
    new = {"prefix": "a", "separator": "-", "keepers": {"house": "2", "list": [1, 3, 4]}}
    found = {each.path: (each.kind, each.replaces) for each in differences(PET, old, new)}
    assert found == {
        "length": ("DELETE", False),
        "separator": ("ADD", False),
        "keepers.house": ("UPDATE", True),
        "keepers.list[1]": ("UPDATE", False),
        "keepers.list[2]": ("ADD", False),
    }


def test_what_only_grows_is_replaced_by_less_and_not_by_more() -> None:
    for length, replaces in ((1, True), (3, False)):
        (found,) = differences(PET, {"length": 2}, {"length": length})
        assert found.replaces is replaces


def test_secrets_and_numbers_survive_the_wire() -> None:
    message = wired({"a": "x", "n": 3, "none": None}, secret=["a"])
    assert secret_names(message) == {"a"}
    assert plain(message) == {"a": "x", "n": 3}
    assert secret_names(wired({"outer": {"inner": plain(message)}})) == frozenset()


@pytest.mark.parametrize(
    ("inputs", "wrong"),
    [
        ({"length": 12, "minUpper": 6, "minNumeric": 6}, False),
        ({"length": 12, "special": False, "lower": False, "upper": False}, False),
        ({"length": 3, "minLower": 4}, True),
        ({"length": 3, "special": False, "lower": False, "upper": False, "numeric": False}, True),
    ],
)
def test_a_random_password_keeps_to_its_rules(
    tmp_path: Path,
    inputs: dict[str, Any],
    wrong: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    kind = next(each for each in PROVIDER.types if each.sdk is random.RandomPassword)
    life = Lifecycle(kind=kind, cloud=Cloud(tmp_path / "cloud.db"), config={})
    if wrong:
        with pytest.raises(CloudError):
            life.create(inputs)
        return
    drawn = [life.create(inputs).outputs["result"] for _ in range(2)]
    assert drawn[0] != drawn[1]
    for each in drawn:
        assert len(each) == 12
        assert sum(letter.isupper() for letter in each) >= inputs.get("minUpper", 0)
        assert sum(letter.isdigit() for letter in each) >= inputs.get("minNumeric", 0)
        assert inputs.get("special", True) or each.isdigit()


@pytest.mark.parametrize(
    ("sdk", "inputs"),
    [
        (random.RandomString, {"length": 9}),
        (random.RandomInteger, {"min": 5, "max": 5}),
        (random.RandomUuid, {}),
        (random.RandomId, {"byteLength": 5}),
    ],
)
def test_the_id_of_a_random_value_is_the_value(
    tmp_path: Path, sdk: type, inputs: dict[str, int]
) -> None:
    kind = next(each for each in PROVIDER.types if each.sdk is sdk)
    made = Lifecycle(kind=kind, cloud=Cloud(tmp_path / "cloud.db"), config={}).create(inputs)
    assert made.id == str(made.outputs.get("result", made.outputs.get("b64Url")))
    if sdk is random.RandomId:
        assert int(made.outputs["hex"], 16) == int(made.outputs["dec"])


def test_every_type_of_random_is_there() -> None:
    names = {name for name in dir(random) if name.startswith("Random")}
    wanted = {name for name in names if not name.endswith("Args")}
    assert {each.sdk.__name__ for each in PROVIDER.types} == wanted


def test_an_emulator_that_ends_is_told_with_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(InfraError, match="No module named 'absent'") as ended:
        EmulatedClouds(tmp_path, "absent").__enter__()
    assert ended.value.message.startswith("the emulator mlops_infra.rehearsal.pulumi ended\n")
