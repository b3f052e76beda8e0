"""The container that a service's task definition describes."""

# ruff: noqa: SLF001 - ministack keeps its resources in module-level stores and offers no other door

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_infra.rehearsal.aws.innards import alb, ecs, responses
from mlops_infra.rehearsal.aws.running.routes import target_groups
from mlops_infra.rehearsal.container import ContainerSpec

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_infra.rehearsal.aws.running.databases import Databases

Record = dict[str, Any]


def container_of(service: Record) -> Record:
    """Return the one container definition of a service's tasks, as the API tells it."""
    family = service["taskDefinition"].rpartition("/")[2]
    (container,) = ecs._task_defs[family]["containerDefinitions"]
    return container


def container_spec(
    service: Record, *, url: str, authority: Path, databases: Databases
) -> ContainerSpec:
    """Return what ECS would start for a service, with the secrets' values of now.

    `url` is where the emulator answers; `authority` signs for the databases' names.

    Raises:
        ValueError: a secret is missing.
    """
    container = container_of(service)
    variables = {each["name"]: each["value"] for each in container["environment"]}
    try:
        secrets = ecs._resolve_container_secrets(container)
    except ecs._SecretResolutionError as error:
        raise ValueError(f"ResourceInitializationError: {error}") from error
    (group,) = target_groups(service)
    addresses = {
        "AWS_ENDPOINT_URL": url,
        # On AWS these are the task role's, and the region is ECS's.
        "AWS_ACCESS_KEY_ID": responses.get_account_id(),
        "AWS_SECRET_ACCESS_KEY": "emulated",
        "AWS_REGION": responses.get_region(),
        "AWS_DEFAULT_REGION": responses.get_region(),
        **databases.addresses(variables.get("PGHOST", "")),
    }
    if "PGSSLROOTCERT" in variables:
        addresses["PGSSLROOTCERT"] = str(authority)
    return ContainerSpec(
        image=container["image"],
        command=tuple(container["command"]),
        variables={**variables, **secrets},
        addresses=addresses,
        health_path=alb._tgs[group]["HealthCheckPath"],
        start_grace_seconds=service["healthCheckGracePeriodSeconds"],
        stop_grace_seconds=container["stopTimeout"],
    )
