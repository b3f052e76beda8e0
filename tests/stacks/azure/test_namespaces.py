"""What a subscription must be registered for is told before the first deploy, and asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlops_infra.engines.pulumi.clouds.azure_needs import NAMESPACES
from tests.conftest import REPOSITORY
from tests.stacks.azure.conftest import VARIANTS, environment_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlops_infra.config.models import Environment
    from tests.stacks.azure.conftest import Declared

ALWAYS_THERE = {"Authorization", "Resources"}
"""Those that every subscription is registered for:
https://learn.microsoft.com/azure/azure-resource-manager/management/azure-services-resource-providers"""


def test_docs_and_doctor_know_each_namespace_that_the_stack_uses(
    declare: Callable[[Environment], Declared],
) -> None:
    declared = [declare(environment_of(variant)).stack.items for variant in VARIANTS]
    ids = [each.id for items in declared for each in items]
    used = {name for each in ids for name in re.findall(r"/providers/Microsoft\.(\w+)/", each)}
    docs = (REPOSITORY / "docs" / "azure.md").read_text()
    told = re.search(r"for each in (.+?)\ndo az provider register", docs, re.DOTALL)
    assert told
    assert set(told[1].replace("\\", " ").split()) == used - ALWAYS_THERE == set(NAMESPACES)
