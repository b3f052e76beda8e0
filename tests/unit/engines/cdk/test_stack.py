"""What a change set says, as a plan tells it."""

from __future__ import annotations

import pytest

from mlops_infra.engines.cdk.stack import change_of
from mlops_infra.model import Action


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
