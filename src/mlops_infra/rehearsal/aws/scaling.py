"""The API of Application Auto Scaling, as a service module of ministack's, which lacks it.

https://docs.aws.amazon.com/autoscaling/application/APIReference/Welcome.html

It keeps targets and policies; nothing scales, since there is no load. Only ECS services are known.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from mlops_infra.rehearsal.aws.innards import app, ecs, responses, router

Record = dict[str, Any]

JSON = "application/x-amz-json-1.1"
DIMENSION = "ecs:service:DesiredCount"

TARGETS = responses.AccountRegionScopedDict()
POLICIES = responses.AccountRegionScopedDict()


class ScalingError(Exception):
    """A refusal, by its name in the API."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def register_target(wanted: Record) -> Record:
    """Make a scalable target or change the one there is; an absent member stays as it was."""
    key = _key(wanted)
    service = wanted["ResourceId"].removeprefix("service/")
    if wanted["ScalableDimension"] != DIMENSION:
        raise ScalingError("ValidationException", f"only {DIMENSION} is emulated")
    if ecs._services.get(service, {}).get("status") != "ACTIVE":  # noqa: SLF001 - its only store
        raise ScalingError("ValidationException", f"ECS service doesn't exist: service/{service}")
    target: Record = dict(TARGETS.get(key) or {})
    if not target:
        for member in ("MinCapacity", "MaxCapacity"):
            if wanted.get(member) is None:
                raise ScalingError("ValidationException", f"{member} is required for a new target")
        number = responses.new_uuid().replace("-", "")[:30]
        target |= {
            "CreationTime": responses.now_epoch(),
            "ScalableTargetARN": f"{_arn('application-autoscaling', 'scalable-target')}/{number}",
            "Tags": {},
        }
    for member in ("MinCapacity", "MaxCapacity"):
        if wanted.get(member) is not None:
            target[member] = int(wanted[member])
    if target["MinCapacity"] > target["MaxCapacity"]:
        raise ScalingError(
            "ValidationException", "Minimum capacity cannot be greater than maximum capacity"
        )
    target |= {
        name: wanted[name] for name in ("ServiceNamespace", "ResourceId", "ScalableDimension")
    }
    # Whatever role is asked for, ECS gets the service-linked one.
    target["RoleARN"] = (
        f"arn:aws:iam::{responses.get_account_id()}:role/aws-service-role/ecs.application-autoscaling"
        ".amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"
    )
    suspended = dict.fromkeys(
        ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"),
        False,
    )
    target["SuspendedState"] = {
        **target.get("SuspendedState", suspended),
        **(wanted.get("SuspendedState") or {}),
    }
    target["Tags"] = {**target["Tags"], **(wanted.get("Tags") or {})}
    TARGETS[key] = target
    return target


def deregister_target(wanted: Record) -> None:
    """Remove a target and, as the service does, its policies."""
    key = _key(wanted)
    if key not in TARGETS:
        raise ScalingError("ObjectNotFoundException", f"No scalable target found for {key}")
    del TARGETS[key]
    for name in [name for name, policy in POLICIES.items() if _key(policy) == key]:
        del POLICIES[name]


def put_policy(wanted: Record) -> Record:
    """Make or change a policy of a registered target."""
    if _key(wanted) not in TARGETS:
        raise ScalingError(
            "ObjectNotFoundException", f"No scalable target registered for {_key(wanted)}"
        )
    known = POLICIES.get(_policy_key(wanted)) or {}
    resource = wanted["ResourceId"]
    policy = {
        "PolicyARN": known.get("PolicyARN")
        or f"{_arn('autoscaling', 'scalingPolicy')}:{responses.new_uuid()}:resource/"
        f"{wanted['ServiceNamespace']}/{resource}:policyName/{wanted['PolicyName']}",
        "CreationTime": known.get("CreationTime") or responses.now_epoch(),
        "Alarms": [],
    }
    policy |= {key: value for key, value in wanted.items() if value is not None}
    policy.setdefault("PolicyType", "StepScaling")
    if f"{policy['PolicyType']}PolicyConfiguration" not in policy:
        raise ScalingError(
            "ValidationException",
            f"{policy['PolicyType']}PolicyConfiguration is required for this policy type",
        )
    POLICIES[_policy_key(wanted)] = policy
    return policy


def delete_policy(wanted: Record) -> None:
    """Remove a policy."""
    if _policy_key(wanted) not in POLICIES:
        raise ScalingError("ObjectNotFoundException", f"No scaling policy {wanted['PolicyName']}")
    del POLICIES[_policy_key(wanted)]


def _key(record: Record) -> str:
    members = ("ServiceNamespace", "ResourceId", "ScalableDimension")
    return "|".join(record[member] for member in members)


def _policy_key(record: Record) -> str:
    return f"{_key(record)}|{record['PolicyName']}"


def _arn(service: str, kind: str) -> str:
    return f"arn:aws:{service}:{responses.get_region()}:{responses.get_account_id()}:{kind}"


def _matching(records: list[Record], wanted: Record, lists: dict[str, str]) -> list[Record]:
    members = ("ServiceNamespace", "ResourceId", "ScalableDimension")
    return [
        {name: value for name, value in record.items() if name != "Tags"}
        for record in records
        if all(record[name] == wanted[name] for name in members if wanted.get(name))
        and all(record[one] in wanted[many] for many, one in lists.items() if wanted.get(many))
    ]


def _tagged(arn: str) -> Record:
    for target in TARGETS.values():
        if target["ScalableTargetARN"] == arn:
            return target
    raise ScalingError("ResourceNotFoundException", f"No resource found for {arn}")


def _answer(action: str, wanted: Record) -> Record:
    match action:
        case "RegisterScalableTarget":
            return {"ScalableTargetARN": register_target(wanted)["ScalableTargetARN"]}
        case "DeregisterScalableTarget":
            deregister_target(wanted)
        case "DescribeScalableTargets":
            found = _matching(list(TARGETS.values()), wanted, {"ResourceIds": "ResourceId"})
            return {"ScalableTargets": found}
        case "PutScalingPolicy":
            policy = put_policy(wanted)
            return {"PolicyARN": policy["PolicyARN"], "Alarms": policy["Alarms"]}
        case "DeleteScalingPolicy":
            delete_policy(wanted)
        case "DescribeScalingPolicies":
            found = _matching(list(POLICIES.values()), wanted, {"PolicyNames": "PolicyName"})
            return {"ScalingPolicies": found}
        case "DescribeScalingActivities":
            return {"ScalingActivities": []}
        case "ListTagsForResource":
            return {"Tags": _tagged(wanted["ResourceARN"])["Tags"]}
        case "TagResource":
            _tagged(wanted["ResourceARN"])["Tags"] |= wanted["Tags"]
        case "UntagResource":
            for key in wanted["TagKeys"]:
                _tagged(wanted["ResourceARN"])["Tags"].pop(key, None)
        case _:
            raise ScalingError("UnknownOperationException", f"not emulated: {action}")
    return {}


# What ministack asks of a service module, by name.


async def handle_request(
    method: str,  # noqa: ARG001 - every request is a POST to /
    path: str,  # noqa: ARG001 - as above
    headers: dict[str, str],
    body: bytes,
    query_params: dict[str, list[str]],  # noqa: ARG001 - as above
) -> Any:  # noqa: ANN401 - ministack's response
    """Answer one request."""
    action = headers.get("x-amz-target", "").rpartition(".")[2]
    try:
        return responses.json_response(
            _answer(action, json.loads(body or b"{}")), content_type=JSON
        )
    except ScalingError as error:
        return responses.error_response_json(
            error.code, str(error), 400, message_key="Message", content_type=JSON
        )
    except KeyError as error:
        return responses.error_response_json(
            "ValidationException",
            f"{error.args[0]} is required",
            400,
            message_key="Message",
            content_type=JSON,
        )


def get_state() -> Record:
    """Return what survives a restart."""
    return {"targets": TARGETS, "policies": POLICIES}


def load_persisted_state(data: Record) -> None:
    """Take up what `get_state` gave."""
    TARGETS.update(data["targets"])
    POLICIES.update(data["policies"])


def reset() -> None:
    """Forget everything."""
    TARGETS.clear()
    POLICIES.clear()


def install() -> None:
    """Make it one of ministack's services, in routing and in what it keeps."""
    service, module = "application-autoscaling", "application_autoscaling"
    app.SERVICE_REGISTRY[service] = {"module": module}
    app.SERVICE_HANDLERS[service] = handle_request
    app._state_map[module] = module  # noqa: SLF001 - its table of what is persisted
    app._loaded_modules[module] = sys.modules[__name__]  # noqa: SLF001 - its table of services
    router.SERVICE_PATTERNS[service] = {"target_prefixes": ["AnyScaleFrontendService"]}
