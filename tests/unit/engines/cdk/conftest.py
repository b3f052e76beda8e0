"""An AWS account in memory, and an environment that lives in it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from mlops_infra.config.models import Cloud
from mlops_infra.engines.cdk import account
from mlops_infra.model import Target
from tests.unit.test_server import environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ACCOUNT, REGION = "123456789012", "eu-west-1"  # moto's own account
STACK = "mlops-dev"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    """The account, empty but for CDK's bootstrap; clients of other tests are forgotten."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with mock_aws():
        account._session.cache_clear()  # noqa: SLF001 - its clients are of another account
        session = boto3.Session(region_name=REGION)
        bootstrap(session, "30")
        yield session
        account._session.cache_clear()  # noqa: SLF001 - its clients are of another account


def bootstrap(session: boto3.Session, version: str) -> None:
    session.client("ssm").put_parameter(
        Name=account.BOOTSTRAP_PARAMETER, Value=version, Type="String", Overwrite=True
    )


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """The shipped dev environment, in the account of these tests."""
    return target_in(tmp_path)


def target_in(folder: Path, *, region: str = REGION, account: str = ACCOUNT) -> Target:
    found = environment("dev", aws={"account": account, "region": region})
    return Target(environment=found, cloud=Cloud.AWS, project_dir=folder)


def stack_answers(
    target: Target,
    outputs: dict[str, str],
    *,
    state: str = "CREATE_COMPLETE",
    questions: int = 1,
    account: str = ACCOUNT,
) -> None:
    """Have the stack described so often, with these outputs; one question more fails the test.

    By hand, because moto's CloudFormation wants a library for API Gateway that nothing else needs.
    """
    described = {
        "StackName": STACK,
        "StackId": f"arn:aws:cloudformation:{REGION}:{account}:stack/{STACK}/1",
        "StackStatus": state,
        "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
        "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
    }
    stub = Stubber(stacks_client(target))
    for _ in range(questions):
        stub.add_response("describe_stacks", {"Stacks": [described]}, {"StackName": STACK})
    stub.activate()


def there_is_no_stack(target: Target, *, questions: int = 1) -> None:
    stub = Stubber(stacks_client(target))
    for _ in range(questions):
        says = f"Stack with id {STACK} does not exist"
        stub.add_client_error("describe_stacks", "ValidationError", says)
    stub.activate()


def stacks_client(target: Target) -> Any:  # noqa: ANN401 - boto3 has no types
    return account.session_of(target).client("cloudformation")
