"""What was changed by hand: CloudFormation compares the resources with the deployed template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from mlops_infra.errors import InfraError
from mlops_infra.model import DELETED, Difference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.engines.cdk.stack import Stack

LONGEST_SECONDS = 15 * 60
"""CloudFormation asks each resource in turn; a stack of ours takes a minute or two."""

SECRET = ("password", "secretstring", "passphrase")
"""Parts of the names of properties whose values are shown to nobody."""


def find_differences(stack: Stack) -> tuple[Difference, ...]:
    """Have CloudFormation look at every resource, and return what differs.

    Raises:
        InfraError: it could not look at one of them.
    """
    detection = stack.detect_drift()
    found = Retrying(
        retry=retry_if_result(lambda found: found["DetectionStatus"] == "DETECTION_IN_PROGRESS"),
        wait=wait_fixed(1),
        stop=stop_after_delay(LONGEST_SECONDS),
        reraise=True,
    )(stack.drift_detection, detection)
    if found["DetectionStatus"] != "DETECTION_COMPLETE":
        raise InfraError(
            f"CloudFormation could not compare all of {stack.name}: "
            f"{found.get('DetectionStatusReason', 'it does not say why')}",
            hint="run the command again; the permissions to read each resource may be missing",
        )
    return tuple(each for resource in stack.drifted_resources() for each in _differences(resource))


def _differences(resource: dict[str, Any]) -> Iterator[Difference]:
    name = f"{resource['LogicalResourceId']} ({resource['ResourceType']})"
    if resource["StackResourceDriftStatus"] == "DELETED":
        yield Difference(resource=name, what=DELETED)
    for each in resource.get("PropertyDifferences", []):
        path: str = each["PropertyPath"]
        is_secret = any(word in path.lower() for word in SECRET)
        yield Difference(
            resource=name,
            what=path,
            expected="***" if is_secret else each["ExpectedValue"],
            actual="***" if is_secret else each["ActualValue"],
        )
