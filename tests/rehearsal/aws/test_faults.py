"""What goes wrong in an account is told in AWS's words, with what mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.rehearsal.aws.account import Engine

pytestmark = pytest.mark.slow

EXPIRED = "The security token included in the request is expired"
BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"


def is_untouched(engine: Engine) -> bool:
    """Whether there is no stack, or one that holds nothing."""
    try:
        return engine.state == "REVIEW_IN_PROGRESS"
    except ClientError:
        return True


@pytest.mark.parametrize(
    ("action", "error", "message", "says"),
    [
        ("*", "ExpiredToken", EXPIRED, "the AWS credentials have expired"),
        ("*", "InvalidClientTokenId", "", "the AWS credentials were refused"),
        ("ssm:GetParameter", "", "", "not authorized to perform: ssm:GetParameter"),
        (
            "cloudformation:DescribeStacks",
            "AccessDenied",
            "",
            "not authorized to perform: cloudformation:DescribeStacks",
        ),
    ],
)
def test_credentials_that_do_not_do_are_told_before_anything_is_made(
    engine: Engine, action: str, error: str, message: str, says: str
) -> None:
    with engine.account.aws.faults.refusing(action, error, message):
        said = engine.run("deploy", "--yes", code=4).stderr
    assert says in said
    assert "AWS_PROFILE" in said
    assert is_untouched(engine)


def test_a_bootstrap_that_is_too_old_is_told_with_the_command_that_renews_it(
    engine: Engine,
) -> None:
    parameters = engine.account.client("ssm")
    before = parameters.get_parameter(Name=BOOTSTRAP)["Parameter"]["Value"]
    parameters.put_parameter(Name=BOOTSTRAP, Value="22", Type="String", Overwrite=True)
    try:
        said = engine.run("deploy", "--yes", code=4).stderr
    finally:
        parameters.put_parameter(Name=BOOTSTRAP, Value=before, Type="String", Overwrite=True)
    assert "bootstrap is version 22, at least 23 is needed" in said
    assert f"mlops-infra bootstrap -e {engine.name} --cloud aws" in said


def test_without_a_builder_nothing_is_made_but_a_plan_can_be(engine: Engine) -> None:
    engine.write({"image": "build"})
    without = {"CDK_DOCKER": "/nowhere/docker"}
    assert "create: AWS::RDS::DBInstance" in engine.run("plan", code=2, **without).stdout
    said = engine.run("deploy", "--yes", code=4, **without).stderr
    assert "nothing builds the server's image: /nowhere/docker not installed" in said
    assert is_untouched(engine)


def test_a_call_that_is_denied_in_mid_deploy_says_who_may_not_do_what(engine: Engine) -> None:
    action = "cloudformation:CreateChangeSet"
    with engine.account.aws.faults.refusing(action, "AccessDenied"):
        said = engine.run("deploy", "--yes", code=1).stderr
    assert f"not authorized to perform: {action}" in said
    assert "give that role the permission" in said


def test_a_limit_of_addresses_is_told_with_the_command_that_raises_it(engine: Engine) -> None:
    engine.write(like="prod")
    reason = "The maximum number of addresses has been reached."
    engine.account.aws.faults.fail_next("AWS::EC2::EIP", reason)
    said = engine.run("deploy", "--yes", code=1).stderr
    assert reason in said
    assert "--region eu-west-1 --service-code ec2 --quota-code L-0263D0A3" in said


def test_a_bucket_of_another_account_is_told_with_what_to_rename(engine: Engine) -> None:
    aws = engine.account.aws
    elsewhere = boto3.client(
        "s3",
        endpoint_url=aws.url,
        region_name=aws.region,
        aws_access_key_id="111111111111",
        aws_secret_access_key="emulated",
    )
    elsewhere.create_bucket(
        Bucket=f"mlops-{engine.name}-{aws.account}-{aws.region}",
        CreateBucketConfiguration={"LocationConstraint": aws.region},
    )
    elsewhere.close()
    said = engine.run("deploy", "--yes", code=1).stderr
    assert "change 'project'" in said


def test_a_log_group_that_is_in_no_stack_is_told_with_what_to_do(engine: Engine) -> None:
    taken = f"/aws/rds/instance/mlops-{engine.name}/postgresql"
    logs = engine.account.client("logs")
    logs.create_log_group(logGroupName=taken)
    said = engine.run("deploy", "--yes", code=1).stderr
    assert taken in said
    assert "delete it, or change 'project'" in said


def test_a_platform_with_parts_deleted_by_hand_is_told_and_torn_down(engine: Engine) -> None:
    engine.deploy()
    engine.account.client("rds").delete_db_instance(
        DBInstanceIdentifier=f"mlops-{engine.name}", SkipFinalSnapshot=True
    )
    balancers = engine.account.client("elbv2")
    owned = engine.account.resources(engine.name).values()
    (balancer,) = (arn for arn in owned if ":loadbalancer/" in arn)
    balancers.delete_load_balancer(LoadBalancerArn=balancer)
    assert "database      absent" in engine.run("status", code=1).stdout
    engine.run("teardown", "--yes")
    assert "not deployed" in engine.run("status", code=1).stdout
