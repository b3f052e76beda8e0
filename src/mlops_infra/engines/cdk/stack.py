"""The deployed stack, as CloudFormation tells it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, WaiterError
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from mlops_infra.errors import InfraError
from mlops_infra.model import Action, Change, Event

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    import boto3

    from mlops_infra.engines.base import OnEvent

ACTIONS = {"Add": Action.CREATE, "Import": Action.CREATE, "Modify": Action.UPDATE}
LONGEST_SECONDS = 2 * 3600
"""CloudFront and a database in two zones take half an hour at most; a rollback takes it again."""


class Stack:
    """One stack, by its name. Every answer is asked for anew."""

    def __init__(self, session: boto3.Session, name: str) -> None:
        self.name = name
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
    def is_busy(self) -> bool:
        """Whether CloudFormation is changing the stack now."""
        return self.state.endswith("_IN_PROGRESS") and self.state != "REVIEW_IN_PROGRESS"

    def outputs(self) -> dict[str, str]:
        """Return what the stack published."""
        found = self.describe() or {}
        return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}

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
        """Return the template that is deployed."""
        body = self._client.get_template(StackName=self.name)["TemplateBody"]
        return json.loads(body) if isinstance(body, str) else body

    def changes(self, change_set: str) -> tuple[Change, ...]:
        """Return what a prepared change set would do."""
        pages = self._client.get_paginator("describe_change_set").paginate(
            StackName=self.name, ChangeSetName=change_set
        )
        return tuple(_change(each["ResourceChange"]) for page in pages for each in page["Changes"])

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

    def unprotect(self) -> None:
        """Lift the stack's termination protection."""
        self._client.update_termination_protection(
            StackName=self.name, EnableTerminationProtection=False
        )

    def follow(self, running: subprocess.Popen[bytes] | None, on_event: OnEvent) -> str:
        """Tell each event until the operation ends; returns the first failure in AWS's words.

        With no `running` program, what is in progress already is followed.
        """
        began = datetime.now(UTC)
        told: set[str] = set()
        failure = ""

        def step() -> bool:
            nonlocal failure
            ended = running.poll() is not None if running else not self.is_busy
            for event in self._events(since=began, told=told):
                on_event(_event(event))
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
        return failure

    def _events(self, *, since: datetime, told: set[str]) -> Iterator[dict[str, Any]]:
        """Yield the events that were not told yet, oldest first."""
        try:
            answer = self._client.describe_stack_events(StackName=self.name)
        except ClientError:
            return  # not there yet, or not any more
        for event in reversed(answer["StackEvents"]):
            if event["Timestamp"] >= since and event["EventId"] not in told:
                told.add(event["EventId"])
                yield event


def _change(found: dict[str, Any]) -> Change:
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
    if found["Action"] == "Import":
        because = ", taken back: a teardown kept it"
    return Change(action=action, resource=logical_id, reason=f"{kind}{because}")


def _event(found: dict[str, Any]) -> Event:
    status: str = found["ResourceStatus"]
    words = status.lower().replace("_", " ")
    is_done = status.endswith(("_COMPLETE", "_FAILED"))
    return Event(
        resource=found["LogicalResourceId"],
        message=f"{found['ResourceType']} {words.rsplit(' ', 1)[0] if is_done else words}",
        done=is_done,
    )
