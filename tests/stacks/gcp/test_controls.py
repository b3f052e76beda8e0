"""Each control holds on each variant of the stack, and is shown to fail on what breaks it."""

from __future__ import annotations

import copy

import pytest

from tests.stacks.gcp import (
    mutations_data,
    mutations_front,
    mutations_identity,
    mutations_service,
    mutations_watch,
)
from tests.stacks.gcp.conftest import VARIANTS, environment_of, made
from tests.stacks.gcp.controls import CONTROLS, violations
from tests.stacks.gcp.controls_identity import physical_names
from tests.stacks.gcp.declared import Declared
from tests.stacks.gcp.mutations import Edit, Mutation

pytestmark = pytest.mark.slow

MUTATIONS = (
    *mutations_front.MUTATIONS,
    *mutations_data.MUTATIONS,
    *mutations_identity.MUTATIONS,
    *mutations_service.MUTATIONS,
    *mutations_watch.MUTATIONS,
)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("number", CONTROLS)
def test_control_holds(number: int, variant: str) -> None:
    found = made(environment_of(variant))
    assert violations(number, found.program, found.environment) == []


@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_control_sees_what_breaks_it(mutation: Mutation) -> None:
    found = made(environment_of(mutation.variant))
    broken = copy.deepcopy(found.program)
    mutation.change(Edit(broken))
    assert broken != found.program
    assert violations(mutation.control, broken, found.environment)


@pytest.mark.parametrize("number", CONTROLS)
def test_every_control_is_shown_to_fail(number: int) -> None:
    assert any(each.control == number for each in MUTATIONS)


def test_every_mutation_says_something_of_its_own() -> None:
    sentences = [(each.control, each.sentence) for each in MUTATIONS]
    assert len(set(sentences)) == len(sentences)


def test_environments_share_no_name_in_one_project() -> None:
    environments = [
        environment_of("dev"),
        environment_of("staging"),
        environment_of("prod with a domain"),
        environment_of("dev", project="other"),
    ]
    names = [
        {name for _, name in physical_names(Declared(made(each).program))} for each in environments
    ]
    assert all(names)
    assert len(set.union(*names)) == sum(map(len, names))
