"""What a killed deploy was making on Azure is found again, by the id that it has there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_infra.engines.pulumi.clouds import ids
from tests.stacks.azure.conftest import VARIANTS, environment_of
from tests.stacks.azure.declared import NATIVE

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlops_infra.config.models import Environment
    from tests.stacks.azure.conftest import Declared

    Declare = Callable[[Environment], Declared]

pytestmark = pytest.mark.slow

BOOTSTRAP = {
    "authorization:RoleDefinition",
    "keyvault:Key",
    "managedidentity:FederatedIdentityCredential",
}
"""What a bootstrap asks for by its id, to show only what is missing."""


def test_every_type_is_found_by_its_names_or_made_again(declare: Declare) -> None:
    kinds = {
        each.kind for variant in VARIANTS for each in declare(environment_of(variant)).stack.items
    }
    patterns = {each.removeprefix(NATIVE) for each in ids.PATTERNS if each.startswith(NATIVE)}
    repeatable = {each for each in kinds if ids.is_repeatable(each)}
    assert kinds == patterns - BOOTSTRAP | repeatable
    assert repeatable == {"random:index/randomPassword:RandomPassword"}


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_id_is_the_one_that_the_emulated_provider_makes(variant: str, declare: Declare) -> None:
    environment, stack, _ = declare(environment_of(variant))
    assert environment.azure is not None
    provider = {"subscriptionId": environment.azure.subscription_id}
    found = {
        each.id: ids.id_of(f"{NATIVE}{each.kind}", each.inputs, provider)
        for each in stack.items
        if not ids.is_repeatable(each.kind)
    }
    assert found == {each: each for each in found}
