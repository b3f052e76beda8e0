"""Each control holds on each variant of the stack, and is shown to fail on what breaks it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest

from tests.stacks.azure import (
    mutations_data,
    mutations_front,
    mutations_identity,
    mutations_service,
)
from tests.stacks.azure.conftest import VARIANTS, environment_of
from tests.stacks.azure.controls import CONTROLS, violations
from tests.stacks.azure.controls_identity import GLOBAL
from tests.stacks.azure.mutations import Edit, Mutation

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlops_infra.config.models import Environment
    from tests.stacks.azure.conftest import Declared

    Declare = Callable[[Environment], Declared]

pytestmark = pytest.mark.slow

MUTATIONS = (
    *mutations_front.MUTATIONS,
    *mutations_data.MUTATIONS,
    *mutations_identity.MUTATIONS,
    *mutations_service.MUTATIONS,
)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("number", CONTROLS)
def test_control_holds(number: int, variant: str, declare: Declare) -> None:
    found = declare(environment_of(variant))
    assert violations(number, found.stack, found.environment) == []


@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_control_sees_what_breaks_it(mutation: Mutation, declare: Declare) -> None:
    found = declare(environment_of(mutation.variant))
    broken = copy.deepcopy(found.stack)
    mutation.change(Edit(broken))
    assert broken != found.stack
    assert violations(mutation.control, broken, found.environment)


@pytest.mark.parametrize("number", CONTROLS)
def test_every_control_is_shown_to_fail(number: int) -> None:
    assert any(each.control == number for each in MUTATIONS)


def test_every_mutation_says_something_of_its_own() -> None:
    sentences = [(each.control, each.sentence) for each in MUTATIONS]
    assert len(set(sentences)) == len(sentences)


def test_environments_share_no_name_in_one_subscription(declare: Declare) -> None:
    environments = [
        environment_of("dev"),
        environment_of("staging"),
        environment_of("prod"),
        environment_of("dev", project="other"),
    ]
    stacks = [declare(each).stack for each in environments]
    ids = [{each.id for each in stack.items if each.id.startswith("/")} for stack in stacks]
    names = [
        {each[GLOBAL[each.kind]] for each in stack.items if each.kind in GLOBAL} for stack in stacks
    ]
    for found in (ids, names):
        assert all(found)
        assert len(set.union(*found)) == sum(map(len, found))
