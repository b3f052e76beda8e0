"""What the stack registers is what Azure's own schemas allow."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest

from tests.stacks.azure.arm_schemas import DEFINED, UNDEFINED, has_tags, mistakes
from tests.stacks.azure.conftest import VARIANTS, environment_of
from tests.stacks.azure.controls_identity import TAGGED
from tests.stacks.azure.mutations import APP, DB, GUARD, INGRESS, RECOVERY, SERVER, VAULT, Edit

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlops_infra.config.models import Environment
    from tests.stacks.azure.conftest import Declared

    Declare = Callable[[Environment], Declared]

WRONG = {
    "a property that is not there": (APP, lambda edit: edit.put(APP, "template.replicas", 2)),
    "one in the wrong place": (APP, lambda edit: edit.put(APP, "ingress", {"targetPort": 1})),
    "an enum's text": (APP, lambda edit: edit.put(APP, f"{INGRESS}.transport", "https")),
    "a text for a number": (APP, lambda edit: edit.put(APP, f"{INGRESS}.targetPort", "5000")),
    "a misspelt variable": (APP, lambda edit: edit.put(APP, f"{SERVER}.env.0.secret", "x")),
    "a rule without a direction": (
        GUARD,
        lambda edit: edit.drop(GUARD, "securityRules.0.direction"),
    ),
    "days for ever": (RECOVERY, lambda edit: edit.put(RECOVERY, "deleteRetentionPolicy.days", 999)),
    "a tier of another cloud": (DB, lambda edit: edit.put(DB, "sku.tier", "db.t4g")),
    "a vault without a tenant": (VAULT, lambda edit: edit.drop(VAULT, "properties.tenantId")),
    "an alarm without a threshold": (
        "monitor:MetricAlert",
        lambda edit: edit.drop("monitor:MetricAlert", "criteria.allOf.0.threshold"),
    ),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_azure_allows_what_is_registered(variant: str, declare: Declare) -> None:
    stack = declare(environment_of(variant)).stack
    held = [each for each in stack.items if each.kind in DEFINED]
    assert {each.kind for each in stack.items} - {each.kind for each in held} == {
        "random:index/randomPassword:RandomPassword",
        *(
            UNDEFINED
            - ({"authorization:ManagementLockByScope"} if "prod" not in variant else set())
        ),
    }
    assert [mistake for each in held for mistake in mistakes(each)] == []


@pytest.mark.parametrize("what", WRONG)
def test_the_schemas_refuse_what_azure_would(what: str, declare: Declare) -> None:
    kind, change = WRONG[what]
    stack = copy.deepcopy(declare(environment_of("prod")).stack)
    change(Edit(stack))
    assert any(mistakes(each) for each in stack.all(kind))


def test_control_17_misses_no_kind_that_can_be_tagged() -> None:
    assert {kind for kind in DEFINED if has_tags(kind)} == TAGGED - {"resources:ResourceGroup"}
