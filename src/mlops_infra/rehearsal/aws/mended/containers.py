"""Mends of ECS."""

# ruff: noqa: SLF001 - mending means reaching in

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.rehearsal.aws.innards import ecs, provisioners
from mlops_infra.rehearsal.aws.mended.ways import afterwards

if TYPE_CHECKING:
    from mlops_infra.rehearsal.aws.mended.ways import Props


def keep_what_a_container_needs() -> None:
    """Lists of a task definition stay in a template's spelling, so the API leaves them out.

    Seen: describe_task_definition answers `"secrets": [{}, {}, {}, {}], "volumes": [{}]` and no
    `runtimePlatform`.
    """

    def mend_definition(arn: str, props: Props) -> None:
        definition = ecs._task_defs[arn.rpartition("/")[2]]
        camel = provisioners._pascal_to_camel
        for kept, declared in zip(
            definition["containerDefinitions"], props["ContainerDefinitions"], strict=True
        ):
            if "Secrets" in declared:
                kept["secrets"] = camel(declared["Secrets"])
        definition["volumes"] = camel(props.get("Volumes", []))
        if "RuntimePlatform" in props:
            definition["runtimePlatform"] = camel(props["RuntimePlatform"])
        if "EphemeralStorage" in props:
            definition["ephemeralStorage"] = camel(props["EphemeralStorage"])

    afterwards("AWS::ECS::TaskDefinition", mend_definition)


def keep_what_a_service_needs() -> None:
    """A create drops some properties, and an update others.

    Seen: describe_services answers `healthCheckGracePeriodSeconds: 0` and `propagateTags: NONE`.
    """

    def mend_service(arn: str, props: Props) -> None:
        service = ecs._services[arn.partition("service/")[2]]
        for declared, kept, default in (
            ("HealthCheckGracePeriodSeconds", "healthCheckGracePeriodSeconds", 0),
            ("PropagateTags", "propagateTags", "NONE"),
            ("EnableECSManagedTags", "enableECSManagedTags", False),
            ("EnableExecuteCommand", "enableExecuteCommand", False),
        ):
            service[kept] = props.get(declared, default)

    afterwards("AWS::ECS::Service", mend_service)
