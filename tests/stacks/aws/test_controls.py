"""Each control holds on each variant of the stack, and is shown to fail on what breaks it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest

from tests.stacks.aws import (
    mutations_data,
    mutations_front,
    mutations_identity,
    mutations_service,
    mutations_watch,
)
from tests.stacks.aws.conftest import VARIANTS, environment_of
from tests.stacks.aws.controls import CONTROLS, violations
from tests.stacks.aws.controls_identity import physical_names
from tests.stacks.aws.mutations import Edit, Mutation
from tests.stacks.aws.template import Template

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stacks.aws.conftest import Synthesised

pytestmark = pytest.mark.slow  # a synth needs Node

MUTATIONS = (
    *mutations_front.MUTATIONS,
    *mutations_data.MUTATIONS,
    *mutations_identity.MUTATIONS,
    *mutations_service.MUTATIONS,
    *mutations_watch.MUTATIONS,
)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("number", CONTROLS)
def test_control_holds(number: int, variant: str, synthesise: Callable[..., Synthesised]) -> None:
    found = synthesise(environment_of(variant))
    assert violations(number, found.template, found.environment) == []


@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_control_sees_what_breaks_it(
    mutation: Mutation, synthesise: Callable[..., Synthesised]
) -> None:
    found = synthesise(environment_of(mutation.variant))
    broken = copy.deepcopy(found.template)
    mutation.change(Edit(broken))
    assert broken != found.template
    assert violations(mutation.control, broken, found.environment)


@pytest.mark.parametrize("number", CONTROLS)
def test_every_control_is_shown_to_fail(number: int) -> None:
    assert any(each.control == number for each in MUTATIONS)


def test_every_mutation_says_something_of_its_own() -> None:
    sentences = [(each.control, each.sentence) for each in MUTATIONS]
    assert len(set(sentences)) == len(sentences)


def test_environments_share_no_name_in_one_account(synthesise: Callable[..., Synthesised]) -> None:
    environments = [
        environment_of("dev"),
        environment_of("staging"),
        environment_of("prod"),
        environment_of("dev", project="other"),
    ]
    names = [
        {name for _, name in physical_names(Template(synthesise(each).template))}
        for each in environments
    ]
    assert all(names)
    assert len(set.union(*names)) == sum(map(len, names))


@pytest.mark.parametrize("variant", VARIANTS)
def test_nothing_needs_a_custom_resource(
    variant: str, synthesise: Callable[..., Synthesised]
) -> None:
    template = synthesise(environment_of(variant)).template
    kinds = {each["Type"] for each in template["Resources"].values()}
    assert {kind for kind in kinds if kind.startswith(("Custom::", "AWS::Lambda"))} == set()
    assert "AWS::CloudFormation::CustomResource" not in kinds


def test_no_parameter_has_to_be_given(synthesise: Callable[..., Synthesised]) -> None:
    template = synthesise(environment_of("prod")).template
    assert list(template["Parameters"]) == ["BootstrapVersion"]
