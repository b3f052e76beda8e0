"""The deployed stack, as CloudFormation tells it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, WaiterError
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from mlops_infra.errors import InfraError, LockedError
from mlops_infra.model import Action, Change, Event

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    import boto3

    from mlops_infra.engines.base import OnEvent

VALIDATION = "Validation failed"
"""How the event begins that says no more than that `DescribeEvents` knows why."""

ACTIONS = {"Add": Action.CREATE, "Import": Action.CREATE, "Modify": Action.UPDATE}
LONGEST_SECONDS = 2 * 3600
"""CloudFront and a database in two zones take half an hour at most; a rollback takes it again."""


class Stack:
    """One stack, by its name. Every answer is asked for anew."""

    def __init__(self, session: boto3.Session, name: str) -> None:
        self.name = name
        self.region = session.region_name
        self._client: Any = session.client("cloudformation")

    def describe(self) -> dict[str, Any] | None:
        """Return CloudFormation's description, or None where there is no such stack."""
        try:
            return self._client.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise

    @property
    def state(self) -> str:
        """The stack's state in CloudFormation's words; empty where there is none."""
        found = self.describe()
        return found["StackStatus"] if found else ""

    @property
    def change_set(self) -> str:
        """The id of the change set that was executed last; empty where none was."""
        return (self.describe() or {}).get("ChangeSetId", "")

    @property
    def is_protected(self) -> bool:
        """Whether the stack has termination protection."""
        return (self.describe() or {}).get("EnableTerminationProtection", False)

    def resources(self) -> list[dict[str, Any]]:
        """Return every resource that is there, with its physical id."""
        pages = self._client.get_paginator("list_stack_resources").paginate(StackName=self.name)
        return [
            each
            for page in pages
            for each in page["StackResourceSummaries"]
            if each["ResourceStatus"] != "DELETE_COMPLETE"
        ]

    def template(self) -> dict[str, Any]:
        """Return the template that is deployed; nothing in one of a stack that never was."""
        body = self._client.get_template(StackName=self.name).get("TemplateBody") or {}
        return json.loads(body) if isinstance(body, str) else body

    def changes(self, change_set: str) -> tuple[Change, ...]:
        """Return what a prepared change set would do."""
        pages = self._client.get_paginator("describe_change_set").paginate(
            StackName=self.name, ChangeSetName=change_set
        )
        return tuple(
            change_of(each["ResourceChange"]) for page in pages for each in page["Changes"]
        )

    @property
    def has_drifted(self) -> bool:
        """Whether the last detection found a difference that no deploy has brought back since."""
        found = (self.describe() or {}).get("DriftInformation", {})
        return found.get("StackDriftStatus") == "DRIFTED"

    def detect_drift(self) -> str:
        """Start to compare the resources with the template; returns the detection's id."""
        return self._client.detect_stack_drift(StackName=self.name)["StackDriftDetectionId"]

    def drift_detection(self, detection: str) -> dict[str, Any]:
        """Return how far a detection is."""
        return self._client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)

    def drifted_resources(self) -> Iterator[dict[str, Any]]:
        """Yield each resource that the last detection found changed or gone."""
        more: dict[str, str] = {}  # boto3 has no paginator for it
        while True:
            answer = self._client.describe_stack_resource_drifts(
                StackName=self.name,
                StackResourceDriftStatusFilters=["MODIFIED", "DELETED"],
                **more,
            )
            yield from answer["StackResourceDrifts"]
            if "NextToken" not in answer:
                return
            more = {"NextToken": answer["NextToken"]}

    def drop(self, change_set: str) -> None:
        """Delete a change set that will not be executed."""
        self._client.delete_change_set(StackName=self.name, ChangeSetName=change_set)

    def remove_remains(self) -> None:
        """Delete what a first deploy that failed left: a stack without resources."""
        self._client.delete_stack(StackName=self.name)
        try:
            self._client.get_waiter("stack_delete_complete").wait(StackName=self.name)
        except WaiterError as error:
            raise InfraError(f"the remains of {self.name} could not be removed: {error}") from error

    def locked(self, state: str) -> LockedError:
        """Return the error of a stack that somebody else is changing, as its state shows."""
        return LockedError(
            f"{self.name} is being changed by another deploy ({state.lower()})",
            hint="wait until it has finished, then run the command again",
        )

    def protect(self, *, on: bool) -> None:
        """Switch the stack's termination protection."""
        self._client.update_termination_protection(
            StackName=self.name, EnableTerminationProtection=on
        )

    def follow(self, running: subprocess.Popen[bytes] | None, on_event: OnEvent) -> str:
        """Tell each event until the operation ends; returns the first failure in AWS's words.

        With no `running` program, what is in progress already is followed.
        """
        told = self._newest_event()
        failure = ""

        def step() -> bool:
            nonlocal failure
            ended = running.poll() is not None if running else not is_busy(self.state)
            for event in self._events_after(told):
                told.add(event["EventId"])
                on_event(event_of(event))
                status = event["ResourceStatus"]
                if status.endswith("_FAILED") and not failure:
                    reason = event.get("ResourceStatusReason", status)
                    if "cancelled" not in reason.lower():
                        failure = f"{event['LogicalResourceId']}: {reason}"
            return ended

        Retrying(
            retry=retry_if_result(lambda ended: not ended),
            wait=wait_fixed(1),
            stop=stop_after_delay(LONGEST_SECONDS),
        )(step)
        return failure if VALIDATION not in failure else self._invalid() or failure

    def _invalid(self) -> str:
        """Return the first thing that CloudFormation refused before it made anything."""
        pages = self._client.get_paginator("describe_events").paginate(
            StackName=self.name, Filters={"FailedEvents": True}
        )
        for event in (event for page in pages for event in page["OperationEvents"]):
            if reason := event.get("ValidationStatusReason"):
                return f"{event['LogicalResourceId']}: {reason}"
        return ""

    def _newest_event(self) -> set[str]:
        """Return the id of the event that was there last, if any.

        Rather than the time of day: this machine's clock is not AWS's.
        """
        try:
            found = self._client.describe_stack_events(StackName=self.name)["StackEvents"]
        except ClientError:
            return set()  # there is no such stack yet
        return {event["EventId"] for event in found[:1]}

    def _events_after(self, told: set[str]) -> list[dict[str, Any]]:
        """Return the events that were not told yet, oldest first."""
        pages = self._client.get_paginator("describe_stack_events").paginate(StackName=self.name)
        found: list[dict[str, Any]] = []
        try:
            for event in (event for page in pages for event in page["StackEvents"]):
                if event["EventId"] in told:  # the newest come first
                    break
                found.append(event)
        except ClientError:
            pass  # not there yet, or not any more
        return found[::-1]


def is_busy(state: str) -> bool:
    """Whether CloudFormation is changing a stack in this state."""
    return state.endswith("_IN_PROGRESS") and state != "REVIEW_IN_PROGRESS"


def outputs_of(described: dict[str, Any]) -> dict[str, str]:
    """Return what a stack published, by its description."""
    return {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}


def change_of(found: dict[str, Any]) -> Change:
    """Return a change of a change set; what might be replaced counts as replaced, and says so."""
    kind, logical_id = found["ResourceType"], found["LogicalResourceId"]
    if found["Action"] == "Remove":
        keeps = found.get("PolicyAction", "Delete") != "Delete"
        action = Action.KEEP if keeps else Action.DELETE
    elif found.get("Replacement") in {"True", "Conditional"}:
        action = Action.REPLACE
    else:
        action = ACTIONS.get(found["Action"], Action.UPDATE)
    names = {
        detail["Target"].get("Name") or detail["Target"]["Attribute"]
        for detail in found.get("Details", [])
    }
    because = f": {', '.join(sorted(names))}" if names else ""
    if found.get("Replacement") == "Conditional":
        because += " (CloudFormation: conditional)"
    if found["Action"] == "Import":
        because = ", taken back: a teardown kept it"
    return Change(action=action, resource=logical_id, reason=f"{kind}{because}")


def event_of(found: dict[str, Any]) -> Event:
    """Return an event of a stack: what began, was done or failed, in CloudFormation's words."""
    status: str = found["ResourceStatus"]
    does = re.sub("_(IN_PROGRESS|COMPLETE|FAILED)$", "", status)
    return Event(
        resource=found["LogicalResourceId"],
        message=f"{found['ResourceType']} {does.lower().replace('_', ' ')}",
        done=status.endswith(("_COMPLETE", "_SKIPPED")),
        failed=status.endswith("_FAILED"),
    )
