"""`mlops-infra bootstrap` on AWS: the CDK's toolkit once a region, and whom CI deploys as."""

from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from tests.rehearsal.aws.account import Account, Engine

pytestmark = pytest.mark.slow

HOST = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
GITHUB = {"ci": {"github": "octo-org/ml"}}


def test_it_makes_the_toolkit_of_a_region_and_may_be_run_again(engine: Engine) -> None:
    engine.write({"aws": {"region": "eu-north-1"}})
    done = engine.run("bootstrap", "--yes")
    assert "+   CDKToolkit  create: cdk bootstrap of account" in done.stderr
    assert done.stdout == ""
    assert "nothing to do" in engine.run("bootstrap").stderr
    assert "create: AWS::RDS::DBInstance" in engine.run("plan", code=2).stdout


@pytest.fixture
def with_ci(engine: Engine) -> Iterator[Engine]:
    """An environment that names a repository, in an account that knows nothing of GitHub."""
    engine.write(GITHUB)
    yield engine
    cloud = engine.account.client("cloudformation")
    cloud.delete_stack(StackName=f"ci-mlops-{engine.name}")
    _forget(engine.account)


def test_it_makes_a_role_for_the_repository_and_says_what_github_needs(with_ci: Engine) -> None:
    found = _bootstrap(with_ci)
    role = f"ci-mlops-{with_ci.name}"
    account, region = with_ci.account.aws.account, with_ci.account.aws.region
    assert found["changes"] == [
        {"action": "create", "resource": "Provider", "reason": "AWS::IAM::OIDCProvider"},
        {"action": "create", "resource": "Role", "reason": "AWS::IAM::Role"},
    ]
    assert found["ci"]["variables"] == {
        "AWS_ROLE_ARN": f"arn:aws:iam::{account}:role/{role}",
        "AWS_REGION": region,
    }
    made = with_ci.account.client("iam").get_role(RoleName=role)["Role"]
    assert made["Arn"] == found["ci"]["variables"]["AWS_ROLE_ARN"]
    (statement,) = made["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Condition"]["StringEquals"][f"{HOST}:sub"] == (
        f"repo:octo-org/ml:environment:{with_ci.name}"
    )

    again = with_ci.run("bootstrap")
    assert "nothing to do" in again.stderr
    assert again.stdout.splitlines() == found["ci"]["commands"]


def test_it_uses_what_the_account_knows_github_by_already(with_ci: Engine) -> None:
    with _known(with_ci.account, AUDIENCE):
        changes = _bootstrap(with_ci)["changes"]
        assert [each["resource"] for each in changes] == ["Role"]


def test_one_that_is_for_something_else_is_told_with_what_mends_it(with_ci: Engine) -> None:
    with _known(with_ci.account, "https://github.com/octo-org"):
        said = with_ci.run("bootstrap", "--yes", code=4).stderr
    assert f"is not for {AUDIENCE}, but for https://github.com/octo-org" in said
    assert "aws iam add-client-id-to-open-id-connect-provider" in said


def _bootstrap(engine: Engine) -> dict[str, Any]:
    return json.loads(engine.run("bootstrap", "--yes", "--json").stdout)


@contextmanager
def _known(account: Account, audience: str) -> Generator[None]:
    """Have the account know GitHub already, for an audience."""
    account.client("iam").create_open_id_connect_provider(
        Url=f"https://{HOST}", ClientIDList=[audience]
    )
    try:
        yield
    finally:
        _forget(account)


def _forget(account: Account) -> None:
    arn = f"arn:aws:iam::{account.aws.account}:oidc-provider/{HOST}"
    with suppress(ClientError):
        account.client("iam").delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
