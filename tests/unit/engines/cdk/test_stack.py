"""What a change set and a stack's events say, as a plan and its progress tell it."""

from __future__ import annotations

import pytest

from mlops_infra.engines.cdk.stack import change_of, event_of
from mlops_infra.model import Action, Event


@pytest.mark.parametrize(
    ("replacement", "action", "reason"),
    [
        ("False", Action.UPDATE, "AWS::RDS::DBInstance: BackupRetentionPeriod"),
        (
            "Conditional",
            Action.REPLACE,
            "AWS::RDS::DBInstance: BackupRetentionPeriod (CloudFormation: conditional)",
        ),
        ("True", Action.REPLACE, "AWS::RDS::DBInstance: BackupRetentionPeriod"),
    ],
)
def test_what_may_be_replaced_is_told_as_such(
    replacement: str, action: Action, reason: str
) -> None:
    found = change_of(
        {
            "Action": "Modify",
            "ResourceType": "AWS::RDS::DBInstance",
            "LogicalResourceId": "Database",
            "Replacement": replacement,
            "Details": [{"Target": {"Attribute": "Properties", "Name": "BackupRetentionPeriod"}}],
        }
    )
    assert (found.action, found.reason) == (action, reason)


@pytest.mark.parametrize(
    ("status", "does", "how"),
    [
        ("CREATE_IN_PROGRESS", "create", {}),
        ("CREATE_COMPLETE", "create", {"done": True}),
        ("CREATE_FAILED", "create", {"failed": True}),
        ("DELETE_SKIPPED", "delete skipped", {"done": True}),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "update rollback", {}),
        ("UPDATE_ROLLBACK_FAILED", "update rollback", {"failed": True}),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "update complete cleanup", {}),
    ],
)
def test_what_ends_is_told_as_it_began_and_what_failed_is_not_told_as_done(
    status: str, does: str, how: dict[str, bool]
) -> None:
    found = {
        "LogicalResourceId": "Database",
        "ResourceType": "AWS::RDS::DBInstance",
        "ResourceStatus": status,
    }
    expected = Event(resource="Database", message=f"AWS::RDS::DBInstance {does}", **how)
    assert event_of(found) == expected
