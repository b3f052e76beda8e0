"""Whether an account is ready, and what is said where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from mlops_infra.engines.cdk.account import check_credentials, session_of, told
from mlops_infra.engines.cdk.bootstrap import plan_bootstrap
from mlops_infra.errors import InfraError, PrerequisiteError, UsageError
from tests.unit.engines.cdk.conftest import ACCOUNT, REGION, bootstrap, target_in

if TYPE_CHECKING:
    from pathlib import Path

    import boto3

    from mlops_infra.model import Target


def refused(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "GetThing")


def test_another_account_than_the_file_names_is_refused(aws: boto3.Session, tmp_path: Path) -> None:
    with pytest.raises(PrerequisiteError, match=f"of account {ACCOUNT}, the file names 1111"):
        check_credentials(target_in(tmp_path, account="111111111111"), aws)


@pytest.mark.parametrize(("version", "action"), [("", "create"), ("22", "update"), ("23", "")])
def test_a_bootstrap_is_planned_where_there_is_none_or_an_old_one(
    aws: boto3.Session, target: Target, version: str, action: str
) -> None:
    if version:
        bootstrap(aws, version)
    else:
        aws.client("ssm").delete_parameter(Name="/cdk-bootstrap/hnb659fds/version")
    plan = plan_bootstrap(target, aws)
    assert [each.action for each in plan.changes] == ([action] if action else [])


def test_a_region_that_does_not_exist_is_told_with_the_nearest(
    aws: boto3.Session, tmp_path: Path
) -> None:
    del aws
    with pytest.raises(UsageError, match="did you mean 'eu-west-1'"):
        session_of(target_in(tmp_path, region="eu-wset-1"))


@pytest.mark.parametrize("name", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_an_empty_profile_is_none(
    aws: boto3.Session, target: Target, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    del aws
    monkeypatch.setenv(name, "")
    assert session_of(target).region_name == REGION


def test_a_profile_that_does_not_exist_is_told_with_the_command_that_lists_them(
    aws: boto3.Session, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    del aws
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(PrerequisiteError, match="nobody") as caught:
        session_of(target)
    assert caught.value.hint == "aws configure list-profiles"


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException", "RequestExpired"])
def test_expired_credentials_are_told_so(code: str) -> None:
    found = told(refused(code, "The security token included in the request is expired"))
    assert (found.exit_code, found.message) == (4, "the AWS credentials have expired")


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"])
def test_who_may_not_do_what_is_told_in_aws_s_words(code: str) -> None:
    says = "User: arn:aws:iam::1:user/a is not authorized to perform: rds:DescribeDBInstances"
    found = told(refused(code, says))
    assert (found.exit_code, found.message) == (4, f"AWS: {says}")
    assert found.hint


def test_any_other_refusal_is_told_in_aws_s_words() -> None:
    found = told(refused("Throttling", "Rate exceeded"))
    assert type(found) is InfraError
    assert found.message == "AWS: Rate exceeded"
