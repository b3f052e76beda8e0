"""What the tests of an engine ask of the emulator: failures, delays, and a memory."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import boto3
import pytest

from mlops_infra.rehearsal.aws import EmulatedAws
from mlops_infra.rehearsal.faults import Faults

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.rehearsal.aws.account import Account

pytestmark = pytest.mark.slow

QUEUES = json.dumps(
    {
        "Resources": {
            "One": {"Type": "AWS::SQS::Queue"},
            "Two": {"Type": "AWS::SNS::Topic", "DependsOn": "One"},
        }
    }
)
WAIT = {"Delay": 0.1, "MaxAttempts": 200}


def test_a_fault_happens_once(tmp_path: Path) -> None:
    faults = Faults(tmp_path / "faults")
    faults.strike("AWS::SNS::Topic", "create")
    faults.fail_next("AWS::SNS::Topic", "no more topics")
    faults.strike("AWS::SNS::Topic", "delete")
    faults.strike("AWS::SQS::Queue", "create")
    with pytest.raises(RuntimeError, match="no more topics"):
        faults.strike("AWS::SNS::Topic", "create")
    faults.strike("AWS::SNS::Topic", "create")


def test_a_failed_create_rolls_the_stack_back(account: Account) -> None:
    cloud = account.client("cloudformation")
    account.aws.faults.fail_next("AWS::SNS::Topic", "no more topics")
    cloud.create_stack(StackName="unlucky", TemplateBody=QUEUES)
    assert _final_status(account, "unlucky") == "ROLLBACK_COMPLETE"
    events = cloud.describe_stack_events(StackName="unlucky")["StackEvents"]
    assert "no more topics" in [item.get("ResourceStatusReason") for item in events]
    cloud.delete_stack(StackName="unlucky")


def test_a_failed_rollback_leaves_the_stack_stuck(
    account: Account, until: Callable[[Callable[[], bool]], None]
) -> None:
    cloud = account.client("cloudformation")
    cloud.create_stack(StackName="stuck", TemplateBody=QUEUES)
    cloud.get_waiter("stack_create_complete").wait(StackName="stuck", WaiterConfig=WAIT)
    changed = json.loads(QUEUES)
    changed["Resources"]["One"]["Properties"] = {"DelaySeconds": 1}
    changed["Resources"]["Two"]["Properties"] = {"DisplayName": "changed"}
    faults = account.aws.faults
    faults.fail_next("AWS::SNS::Topic", "no change", operation="update")
    # The first update of the queue works, its way back does not.
    faults.delay(1)
    cloud.update_stack(StackName="stuck", TemplateBody=json.dumps(changed))
    until(lambda: _happened(account, "stuck", "One", "UPDATE_COMPLETE"))
    faults.fail_next("AWS::SQS::Queue", "no way back", operation="update")
    faults.delay(0)
    assert _final_status(account, "stuck") == "UPDATE_ROLLBACK_FAILED"
    cloud.continue_update_rollback(StackName="stuck")
    assert _final_status(account, "stuck") == "UPDATE_ROLLBACK_COMPLETE"
    cloud.delete_stack(StackName="stuck")


def _status(account: Account, stack: str) -> str:
    found = account.client("cloudformation").describe_stacks(StackName=stack)
    return found["Stacks"][0]["StackStatus"]


def _happened(account: Account, stack: str, logical_id: str, status: str) -> bool:
    events = account.client("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
    return (logical_id, status) in [
        (item["LogicalResourceId"], item["ResourceStatus"]) for item in events
    ]


def _final_status(account: Account, stack: str) -> str:
    deadline = time.monotonic() + 20
    while (status := _status(account, stack)).endswith("IN_PROGRESS"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return status


def test_while_delayed_a_stack_is_in_progress_and_the_cloud_answers(account: Account) -> None:
    cloud = account.client("cloudformation")
    account.aws.faults.delay(1)
    try:
        cloud.create_stack(StackName="slow", TemplateBody=QUEUES)
        started = time.monotonic()
        assert _status(account, "slow") == "CREATE_IN_PROGRESS"
        assert time.monotonic() - started < 0.9
        cloud.get_waiter("stack_create_complete").wait(StackName="slow", WaiterConfig=WAIT)
        assert time.monotonic() - started > 1.9
    finally:
        account.aws.faults.delay(0)
    cloud.delete_stack(StackName="slow")


def test_a_persistent_account_is_there_after_a_restart(tmp_path: Path) -> None:
    for turn in ("first", "second"):
        with EmulatedAws(tmp_path, account="111122223333", persist=True) as aws:
            clients = [
                boto3.client(
                    service,
                    endpoint_url=aws.url,
                    region_name=aws.region,
                    aws_access_key_id=aws.account,
                    aws_secret_access_key="emulated",
                )
                for service in ("cloudformation", "s3", "sts")
            ]
            cloud, storage, identity = clients
            assert identity.get_caller_identity()["Account"] == "111122223333"
            if turn == "first":
                cloud.create_stack(StackName="lasting", TemplateBody=QUEUES)
                cloud.get_waiter("stack_create_complete").wait(
                    StackName="lasting", WaiterConfig=WAIT
                )
                storage.create_bucket(
                    Bucket="lasting",
                    CreateBucketConfiguration={"LocationConstraint": aws.region},
                )
                storage.put_object(Bucket="lasting", Key="model", Body=b"kept")
            else:
                stacks = cloud.describe_stacks(StackName="lasting")["Stacks"]
                assert stacks[0]["StackStatus"] == "CREATE_COMPLETE"
                found = storage.get_object(Bucket="lasting", Key="model")["Body"].read()
                assert found == b"kept"
            for client in clients:
                client.close()
