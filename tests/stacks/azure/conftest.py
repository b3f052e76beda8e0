"""What the tests of the Azure stack share: each variant of it, run once against emulated Azure.

What the cloud adds (ids, addresses) is what the emulated provider adds, so a resource that the
emulation refuses is refused here, too.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.stacks import variants
from tests.stacks.azure.declared import Stack
from tests.stacks.registered import register

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlops_infra.config.models import Environment
    from mlops_infra.rehearsal.pulumi.description import Function
    from tests.stacks.registered import Program

PRIVATE = {"exposure": "private", "allowed_cidrs": ["10.0.0.0/8", "fd00::/8"]}
ONLY_AZURE = {"cloud": "azure", "aws": None, "gcp": None}
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "dev": ("dev", {}),
    "staging": ("staging", {}),
    "prod": ("prod", {}),
    "prod with a domain": (
        "prod",
        {
            "access": {
                "domain": "mlflow.example.com",
                "allowed_cidrs": ["203.0.113.0/24", "198.51.100.7/32"],
            },
            **ONLY_AZURE,
        },
    ),
    "private staging": ("staging", {"access": PRIVATE, **ONLY_AZURE}),
    "private dev without auth": (
        "dev",
        {
            "server": {"auth": "none"},
            "access": PRIVATE,
            "artifacts": {"access": "direct"},
            "alerts": None,
            **ONLY_AZURE,
        },
    ),
    "prod as it was": (
        "prod",
        {"database": {"restore_from": "mlops-prod-abc123@2026-11-20T10:00:00Z"}},
    ),
}


class Declared(NamedTuple):
    """A variant's environment, and what its program registers."""

    environment: Environment
    stack: Stack
    program: Program


def environment_of(variant: str, **changes: Any) -> Environment:  # noqa: ANN401 - YAML
    """Return the environment of a variant, with `changes` on top; None takes a key away."""
    like, own = VARIANTS[variant]
    return variants.environment(like, own, changes)


def declared(environment: Environment) -> Declared:
    """Run the program of an environment; the same one is run once, so leave it as it is."""
    return _declare(environment.model_dump_json())


@cache
def _declare(environment_json: str) -> Declared:
    from mlops_infra.config.models import Environment
    from mlops_infra.rehearsal.azure import PROVIDER  # seconds: only for who needs it
    from mlops_infra.rehearsal.pulumi import random
    from mlops_infra.rehearsal.pulumi.cloud import Cloud, Resource
    from mlops_infra.rehearsal.pulumi.description import Call
    from mlops_infra.rehearsal.pulumi.lifecycle import Lifecycle
    from mlops_infra.rehearsal.pulumi.schema import mistakes
    from stacks.azure.platform import program

    environment = Environment.model_validate_json(environment_json)
    assert environment.azure is not None
    config = {"subscriptionId": environment.azure.subscription_id}
    types = {each.token: each for each in (*PROVIDER.types, *random.PROVIDER.types)}
    ids: dict[tuple[str, str], str] = {}
    outputs: dict[str, dict[str, Any]] = {}
    with TemporaryDirectory() as folder:
        cloud = Cloud(Path(folder) / "cloud.db")
        origin = environment.database.restore_from
        if origin is not None:
            there = Resource(inputs={}, outputs={})
            cloud.put("earlier server", _server_id(environment, origin.split("@")[0]), there)

        def compute(token: str, name: str, inputs: dict[str, Any]) -> Mapping[str, Any]:
            if token.startswith(("pulumi:providers:", "mlops:")):
                return {}
            kind = types[token]
            found = list(mistakes(kind, inputs))
            assert not found, f"{token}: {found}"
            made = Lifecycle(kind=kind, cloud=cloud, config=config).create(inputs)
            # A password has no id of its own: its name will do.
            ids[token, name] = made.id if made.id.startswith("/") else name
            outputs[ids[token, name]] = made.outputs
            return {"id": made.id, **made.outputs}

        def answer(function: Function) -> Callable[[dict[str, Any]], dict[str, Any]]:
            return lambda inputs: function.answer(Call(inputs=inputs, config=config, cloud=cloud))

        registered = register(
            lambda: program(environment),
            project=environment.project,
            stack=environment.name,
            compute=compute,
            invoke={each.token: answer(each) for each in PROVIDER.functions},
        )
    stack = Stack.of(registered, ids=ids, outputs=outputs)
    return Declared(environment, stack, registered)


def _server_id(environment: Environment, name: str) -> str:
    from stacks.azure.names import Names

    kind = "Microsoft.DBforPostgreSQL/flexibleServers"
    return Names(environment=environment).data_id(kind, name)


@pytest.fixture(scope="session")
def declare() -> Callable[[Environment], Declared]:
    """Run the program of an environment; the same one is run once."""
    return declared
