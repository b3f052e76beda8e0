"""Mends of ECS and ECR."""

# ruff: noqa: SLF001 - mending means reaching in

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.rehearsal.aws.innards import ecr, ecs, provisioners, responses
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


def miss_images() -> None:
    """An image that was never pushed is described with an empty list, so nobody misses it.

    Seen: `cdk deploy` of `image: build` takes the image for published and builds none.
    """
    describe = ecr._describe_images

    def describe_or_miss(data: Props) -> tuple[int, Props, bytes]:
        answer = describe(data)
        wanted = data.get("imageIds") or []
        missing = [each for each in wanted if not ecr._find_image(data["repositoryName"], each)]
        if answer[0] != 200 or not missing:
            return answer
        says = f"The image with imageId {missing[0]} does not exist"
        return responses.error_response_json("ImageNotFoundException", says, 400)

    ecr._describe_images = describe_or_miss
