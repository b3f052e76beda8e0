"""Scaling of an ECS service: the target (least and most tasks) and its policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_infra.rehearsal.aws import scaling
from mlops_infra.rehearsal.aws.resources.base import Schema, refuse

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlops_infra.rehearsal.aws.resources.base import Props

IDENTITY = ("ResourceId", "ScalableDimension", "ServiceNamespace")


def _ask(kind: str, call: Callable[[Props], Any], wanted: Props) -> Any:  # noqa: ANN401 - the call's own
    try:
        return call(wanted)
    except scaling.ScalingError as error:
        raise refuse(kind, str(error)) from error


def _tags(props: Props) -> dict[str, str]:
    tags = {tag["Key"]: tag["Value"] for tag in props.get("Tags", [])}
    # The schema says cloudFormationSystemTags: false.
    return {key: value for key, value in tags.items() if not key.startswith("aws:")}


class ScalableTarget:
    """A service that may be scaled; `Ref` is `ResourceId|ScalableDimension|ServiceNamespace`.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-applicationautoscaling-scalabletarget.html
    """

    schema = Schema(
        name="AWS::ApplicationAutoScaling::ScalableTarget",
        properties=frozenset(
            {*IDENTITY, "MaxCapacity", "MinCapacity", "RoleARN", "SuspendedState", "Tags"}
        ),
        required=frozenset({*IDENTITY, "MinCapacity", "MaxCapacity"}),
        replacing=IDENTITY,
        is_tagged=True,
    )

    def create(self, logical_id: str, props: Props, stack: str) -> str:  # noqa: ARG002 - it has no name
        physical_id = "|".join(props[key] for key in IDENTITY)
        if self._find(physical_id) is not None:
            raise refuse(self.schema.name, f"{physical_id} already exists")
        _ask(self.schema.name, scaling.register_target, {**props, "Tags": _tags(props)})
        return physical_id

    def update(self, physical_id: str, old: Props, new: Props) -> None:
        target = self._find(physical_id)
        if target is None:
            raise refuse(self.schema.name, f"No scalable target found for {physical_id}")
        for key in _tags(old):
            target["Tags"].pop(key, None)
        _ask(self.schema.name, scaling.register_target, {**new, "Tags": _tags(new)})

    def delete(self, physical_id: str, props: Props) -> None:
        if self._find(physical_id) is not None:
            _ask(self.schema.name, scaling.deregister_target, props)

    def attributes(self, physical_id: str, props: Props) -> Props:  # noqa: ARG002 - the id says all
        return {"Id": physical_id}

    def read(self, physical_id: str, props: Props) -> Props | None:
        target = self._find(physical_id)
        if target is None:
            return None
        found = {key: target[key] for key in (*IDENTITY, "MinCapacity", "MaxCapacity")}
        if "RoleARN" in props:  # write-only in the schema: never a difference
            found["RoleARN"] = props["RoleARN"]
        if "SuspendedState" in props:
            found["SuspendedState"] = target["SuspendedState"]
        return found

    @staticmethod
    def _find(physical_id: str) -> Props | None:
        return scaling.TARGETS.get(_key(physical_id))


class ScalingPolicy:
    """When a target is scaled; `Ref` is its ARN.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-applicationautoscaling-scalingpolicy.html
    """

    configurations = (
        "StepScalingPolicyConfiguration",
        "TargetTrackingScalingPolicyConfiguration",
    )
    schema = Schema(
        name="AWS::ApplicationAutoScaling::ScalingPolicy",
        properties=frozenset(
            {*IDENTITY, "PolicyName", "PolicyType", "ScalingTargetId", *configurations}
        ),
        required=frozenset({"PolicyName", "PolicyType"}),
        replacing=(*IDENTITY, "PolicyName", "ScalingTargetId"),
    )

    def create(self, logical_id: str, props: Props, stack: str) -> str:  # noqa: ARG002 - it has its own name
        return _ask(self.schema.name, scaling.put_policy, self._policy(props))["PolicyARN"]

    def update(self, physical_id: str, old: Props, new: Props) -> None:  # noqa: ARG002 - the service changes in place
        _ask(self.schema.name, scaling.put_policy, self._policy(new))

    def delete(self, physical_id: str, props: Props) -> None:
        if self._find(physical_id) is not None:
            _ask(self.schema.name, scaling.delete_policy, self._policy(props))

    def attributes(self, physical_id: str, props: Props) -> Props:  # noqa: ARG002 - the id says all
        return {"Arn": physical_id}

    def read(self, physical_id: str, props: Props) -> Props | None:
        policy = self._find(physical_id)
        if policy is None:
            return None
        found = {key: props[key] for key in self.schema.replacing if key in props}
        kept = ("PolicyType", *self.configurations)
        return found | {key: policy[key] for key in kept if key in policy}

    def _policy(self, props: Props) -> Props:
        if "ScalingTargetId" not in props:
            return props
        # A target's id names all that identifies it.
        identity = dict(zip(IDENTITY, props["ScalingTargetId"].split("|"), strict=True))
        return {key: props[key] for key in props if key != "ScalingTargetId"} | identity

    @staticmethod
    def _find(arn: str) -> Props | None:
        return next((item for item in scaling.POLICIES.values() if item["PolicyARN"] == arn), None)


def _key(physical_id: str) -> str:
    resource, dimension, namespace = physical_id.split("|")
    return f"{namespace}|{resource}|{dimension}"
