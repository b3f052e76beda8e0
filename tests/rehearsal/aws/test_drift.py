"""`mlops-infra drift` on AWS: what was changed by hand is found, and the next deploy undoes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.rehearsal.aws.account import Engine

pytestmark = pytest.mark.slow

VERSIONED = {"artifacts": {"versioning": True}}


def drift(engine: Engine, *, code: int) -> list[dict[str, Any]]:
    document = json.loads(engine.run("drift", "--json", code=code).stdout)
    assert document["has_drift"] == bool(document["differences"])
    return document["differences"]


def test_what_is_not_deployed_cannot_drift(engine: Engine) -> None:
    assert "is not deployed" in engine.run("drift", code=1).stderr


def test_what_was_changed_by_hand_is_found_and_brought_back(engine: Engine) -> None:
    engine.write(VERSIONED)
    engine.deploy()
    assert engine.run("drift").stdout.startswith("no drift: ")
    outputs = {
        each["OutputKey"]: each["OutputValue"]
        for each in engine.account.stack(engine.name)["Outputs"]
    }
    bucket, group = outputs["ArtifactUri"].split("/")[2], outputs["LogGroupName"]
    storage, logs = engine.account.client("s3"), engine.account.client("logs")
    storage.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert engine.run("plan").stdout.startswith("nothing to do")  # CloudFormation has not looked

    told = engine.run("drift", code=2)
    assert "/VersioningConfiguration/Status: Enabled → Suspended" in told.stdout
    assert f"mlops-infra deploy -e {engine.name}" in told.stderr

    logs.delete_log_group(logGroupName=group)
    rules = ingress_rules(engine)
    engine.account.client("ec2").revoke_security_group_ingress(
        GroupId=rules[0]["GroupId"], SecurityGroupRuleIds=[rules[0]["SecurityGroupRuleId"]]
    )
    found = {(each["resource"].split("(")[1], each["what"]) for each in drift(engine, code=2)}
    assert found == {
        ("AWS::S3::Bucket)", "/VersioningConfiguration/Status"),
        ("AWS::Logs::LogGroup)", "deleted"),
        ("AWS::EC2::SecurityGroupIngress)", "deleted"),
    }
    changes = engine.changes()
    assert changes["AWS::S3::Bucket"] == "update"
    assert changes["AWS::Logs::LogGroup"] == "create"
    assert changes["AWS::EC2::SecurityGroupIngress"] == "create"

    engine.deploy()
    assert len(ingress_rules(engine)) == len(rules)
    assert storage.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert drift(engine, code=0) == []
    assert engine.run("plan").stdout.startswith("nothing to do")


def ingress_rules(engine: Engine) -> list[dict[str, Any]]:
    network = engine.account.client("ec2")
    owned = engine.account.resources(engine.name).values()
    return [
        rule
        for rule in network.describe_security_group_rules()["SecurityGroupRules"]
        if rule["GroupId"] in owned and not rule["IsEgress"]
    ]
