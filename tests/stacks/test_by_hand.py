"""`pulumi` by hand, in a stack's folder, works on the stack that `mlops-infra` deploys."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

import pytest
import yaml

from mlops_infra.config.loader import load_environment
from mlops_infra.project import load_stack
from tests.conftest import REPOSITORY
from tests.stacks import by_hand

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.stacks.by_hand import Run

pytestmark = pytest.mark.slow

CLOUDS = ("azure", "gcp")
VAULT = "azure-native:keyvault:Vault"


@cache
def run(cloud: str, *, stack: str = "dev", project: str = "", config: str = "") -> Run:
    """Run a stack's folder, in the project that its Pulumi.yaml is named after; `config` is on."""
    found = yaml.safe_load((REPOSITORY / "stacks" / cloud / "Pulumi.yaml").read_text())
    return by_hand.by_hand(
        cloud,
        project=project or found["name"],
        stack=stack,
        config={config: "true"} if config else None,
    )


@pytest.mark.parametrize("cloud", CLOUDS)
def test_by_hand_pulumi_registers_what_the_engine_does(cloud: str) -> None:
    environment = load_environment(REPOSITORY, "dev")
    engine_s = by_hand.registered(
        partial(load_stack(REPOSITORY, cloud).program, environment),
        project=environment.project,  # as engines/pulumi/workspace.py has it
        stack=environment.name,
        config={},
    )
    assert run(cloud).code == 0, run(cloud).said
    assert run(cloud).registered == by_hand.inputs_by_urn(engine_s)
    assert run(cloud).exports == engine_s.exports


@pytest.mark.parametrize("cloud", CLOUDS)
def test_by_hand_python_keeps_its_own_modules(cloud: str) -> None:
    assert run(cloud).registered
    assert run(cloud).searched == []


@pytest.mark.parametrize("cloud", CLOUDS)
def test_by_hand_another_project_is_refused_before_anything_is_registered(cloud: str) -> None:
    found = run(cloud, project="mlops-infra")
    assert found.code == 1
    assert found.said == (
        "Pulumi.yaml is named 'mlops-infra', and environment 'dev' is of the project 'mlops': "
        "this would make a second platform\n"
        "write  name: mlops  into Pulumi.yaml\n"
    )
    assert found.registered == {}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_by_hand_a_stack_of_no_environment_is_refused_with_the_names_there_are(cloud: str) -> None:
    found = run(cloud, stack="prd")
    assert found.code == 1
    assert "unknown environment 'prd', did you mean 'prod'?" in found.said
    assert "Traceback" not in found.said


def test_by_hand_a_deleted_vault_is_recovered_where_the_configuration_says_so() -> None:
    assert _create_mode(run("azure", config="recover_vault").registered) == "recover"
    assert _create_mode(run("azure").registered) is None


def _create_mode(registered: Mapping[str, dict[str, dict[str, str]]]) -> str | None:
    (vault,) = (inputs for urn, inputs in registered.items() if f"${VAULT}::" in urn)
    return vault["properties"].get("createMode")
