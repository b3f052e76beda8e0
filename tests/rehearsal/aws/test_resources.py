"""After a deploy every resource is there, for its own service, and is what the template says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.rehearsal.aws.questions import QUESTIONS

if TYPE_CHECKING:
    from tests.rehearsal.aws.account import Account

pytestmark = pytest.mark.slow


def test_every_resource_is_what_the_template_says(account: Account) -> None:
    """With a domain; the shipped environments are asked for in test_life.py."""
    account.deploy("domain")
    made = account.resources("domain")
    wrong = []
    for logical_id, resource in account.template("domain")["Resources"].items():
        question = QUESTIONS[resource["Type"]]
        if not question(account, made[logical_id], resource.get("Properties", {})):
            wrong.append((resource["Type"], logical_id))
    assert not wrong


def test_outputs_are_what_a_client_needs(account: Account) -> None:
    account.deploy("dev")
    outputs = {item["OutputKey"]: item["OutputValue"] for item in account.stack("dev")["Outputs"]}
    assert outputs["TrackingUri"].startswith("https://")
    assert outputs["AdminSecret"].startswith("arn:aws:secretsmanager:")
    assert outputs["ArtifactUri"].startswith("s3://")


def test_a_group_with_a_rule_to_another_lets_nothing_else_out(account: Account) -> None:
    account.deploy("dev")
    made = account.resources("dev")
    (front,) = [made[name] for name in made if name.startswith("NetworkFront") and "to" not in name]
    group = account.client("ec2").describe_security_groups(GroupIds=[front])["SecurityGroups"][0]
    assert [rule["IpProtocol"] for rule in group["IpPermissionsEgress"]] == ["tcp"]
