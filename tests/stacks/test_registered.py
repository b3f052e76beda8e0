"""The recorder shows what a program really asks of the engine, and no two runs meet."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_random as random
import pytest

from tests.stacks.registered import UNKNOWN, Inputs, Program, register


class Group(pulumi.ComponentResource):
    def __init__(self, name: str) -> None:
        super().__init__("test:index:Group", name)


class Thing(pulumi.CustomResource):
    """A resource of no real cloud, with one output."""

    address: pulumi.Output[str]

    def __init__(
        self, name: str, props: dict[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("test:index:Thing", name, {"address": None, **props}, opts)


def addresses(token: str, name: str, _inputs: Inputs) -> Inputs:
    """What this test's cloud computes."""
    if token.startswith("random:"):
        return {"result": f"secret of {name}"}
    return {"id": f"things/{name}", "address": f"{name}.example.com"}


def run(program: Any, **more: Any) -> Program:  # noqa: ANN401 - as `register` takes them
    return register(program, project="shop", stack="dev", compute=addresses, **more)


def test_inputs_are_those_on_the_wire_with_whole_numbers_whole() -> None:
    recorded = run(lambda: Thing("a", {"size": 3, "share": 0.5, "on": True, "parts": [{"x": 1}]}))
    assert recorded.one("test:index:Thing").inputs == {
        "size": 3,
        "share": 0.5,
        "on": True,
        "parts": [{"x": 1}],
    }


def test_options_that_guard_a_resource_are_seen() -> None:
    def program() -> None:
        group = Group("group")
        first = Thing("first", {})
        Thing(
            "second",
            {},
            pulumi.ResourceOptions(
                parent=group,
                depends_on=[first],
                protect=True,
                retain_on_delete=True,
                additional_secret_outputs=["address"],
                aliases=[pulumi.Alias(name="old")],
                delete_before_replace=True,
                ignore_changes=["size"],
            ),
        )

    recorded = run(program)
    first, second = recorded.all("test:index:Thing")
    assert (first.is_protected, first.is_retained, first.depends_on) == (False, False, frozenset())
    assert (second.is_protected, second.is_retained) == (True, True)
    assert second.depends_on == {first.urn}
    assert recorded.at(second.parent).token == "test:index:Group"
    assert second.secret_outputs == {"address"}
    assert second.request.aliases[0].spec.name == "old"
    assert second.request.deleteBeforeReplace
    assert list(second.request.ignoreChanges) == ["size"]


def test_a_dependency_through_an_input_is_one_too() -> None:
    def program() -> None:
        first = Thing("first", {})
        Thing("second", {"target": first.address, "owner": first.id})

    first, second = run(program).all("test:index:Thing")
    assert second.inputs == {"target": "first.example.com", "owner": "things/first"}
    assert second.depends_on == {first.urn}


def test_secret_inputs_are_named_by_their_path() -> None:
    def program() -> None:
        password = random.RandomPassword("password", length=20)
        Thing("a", {"env": [{"name": "A", "value": password.result}, {"value": "plain"}]})
        Thing("b", {"key": pulumi.Output.secret("x")})

    recorded = run(program)
    b, a = recorded.all("test:index:Thing")  # b waits for nothing
    assert a.secrets == {"env[0].value"}
    assert a["env"][0]["value"] == "secret of password"
    assert b.secrets == {"key"}
    assert recorded.one("random:index/randomPassword:RandomPassword").secrets == frozenset()


def test_exports_tell_which_are_secret() -> None:
    def program() -> None:
        thing = Thing("a", {"key": pulumi.Output.secret("x")})
        pulumi.export("address", thing.address)
        pulumi.export("password", random.RandomPassword("p", length=20).result)

    recorded = run(program)
    assert recorded.exports == {"address": "a.example.com", "password": "secret of p"}
    assert recorded.secret_exports == {"password"}


def test_what_echoes_a_secret_input_is_secret_too() -> None:
    class Echo(Thing):
        key: pulumi.Output[str]

    recorded = run(lambda: pulumi.export("key", Echo("a", {"key": pulumi.Output.secret("x")}).key))
    assert recorded.secret_exports == {"key"}


def test_a_preview_knows_nothing_of_what_the_cloud_computes() -> None:
    def program() -> None:
        first = Thing("first", {})
        Thing("second", {"target": first.address})
        pulumi.export("address", first.address)

    recorded = run(program, is_preview=True)
    assert recorded.all("test:index:Thing")[1].inputs == {"target": UNKNOWN}
    assert recorded.exports == {"address": UNKNOWN}


def test_runs_in_one_process_do_not_meet() -> None:
    def program() -> None:
        size = pulumi.Config().require_int("size")
        Thing(f"{pulumi.get_stack()}-thing", {"size": size})

    def sizes(stack: str, size: str) -> list[tuple[str, int]]:
        recorded = register(program, project="shop", stack=stack, config={"shop:size": size})
        return [(each.name, each["size"]) for each in recorded.all("test:index:Thing")]

    assert sizes("dev", "1") == [("dev-thing", 1)]
    assert sizes("prod", "2") == [("prod-thing", 2)]


def test_functions_are_answered_or_refused() -> None:
    def program() -> None:
        asked = pulumi.runtime.invoke("test:index:ask", {"a": 1})
        pulumi.export("answer", asked.value)

    recorded = run(program, invoke={"test:index:ask": lambda args: {"sum": args["a"] + 1}})
    assert recorded.exports == {"answer": {"sum": 2}}
    with pytest.raises(KeyError, match="test:index:ask"):
        run(program)


def test_an_error_of_the_program_is_raised() -> None:
    def program() -> None:
        Thing("a", {})
        raise ValueError("no such size")

    with pytest.raises(ValueError, match="no such size"):
        run(program)
