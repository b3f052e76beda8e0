"""What AWS says, word for word, and what we tell people to do about it."""

from __future__ import annotations

import pytest

from mlops_infra.engines.cdk.failures import remedy

HANDLER = (
    'Resource handler returned message: "{} (Service: Ec2, Status Code: 400, '
    'Request ID: 5ce9e2b3-ab97-48ae-9110-21df5e97e9b5)" '
    "(RequestToken: 79d65bb7-1d80-c629-18dc-b61fe9935538, HandlerErrorCode: {})"
)


@pytest.mark.parametrize(
    ("says", "service", "code"),
    [
        ("The maximum number of VPCs has been reached.", "vpc", "L-F678F1CE"),
        ("The maximum number of internet gateways has been reached.", "vpc", "L-A4707A72"),
        ("The maximum number of addresses has been reached.", "ec2", "L-0263D0A3"),
        (
            "Performing this operation would exceed the limit of 5 NAT gateways",
            "vpc",
            "L-FE5A380F",
        ),
        (
            "The maximum number of rules per security group has been reached.",
            "vpc",
            "L-0EA8095F",
        ),
        ("Instance quota exceeded; Error Code: InstanceQuotaExceeded", "rds", "L-7B6409FD"),
        (
            "You've reached the limit on the number of vCPUs you can run concurrently",
            "fargate",
            "L-3032A538",
        ),
    ],
)
def test_a_limit_is_told_with_the_command_that_raises_it(
    says: str, service: str, code: str
) -> None:
    found = remedy(HANDLER.format(says, "ServiceLimitExceeded"), region="eu-west-1")
    assert f"--region eu-west-1 --service-code {service} --quota-code {code}" in found


@pytest.mark.parametrize(
    ("says", "mends"),
    [
        (
            (
                "Resource handler returned message: \"Resource of type 'AWS::S3::Bucket' with "
                "identifier 'mlops-dev' already exists.\" (HandlerErrorCode: AlreadyExists)"
            ),
            "name is taken for all accounts",
        ),
        (
            (
                "Resource handler returned message: \"Resource of type 'AWS::Logs::LogGroup' with "
                "identifier '/mlops/dev' already exists.\" (HandlerErrorCode: AlreadyExists)"
            ),
            "delete it",
        ),
        (
            (
                "Automatic import of existing resource DatabasePostgresqlLog95349A1F "
                "({LogGroupName=/aws/rds/instance/mlops-dev/postgresql}) needs a DeletionPolicy of "
                "'Retain' or 'RetainExceptOnCreate'."
            ),
            "delete it",
        ),
        (
            (
                "User: arn:aws:sts::000000000000:assumed-role/cdk-hnb659fds-cfn-exec-role is not "
                "authorized to perform: rds:CreateDBInstance on resource: * because no "
                "identity-based policy allows the rds:CreateDBInstance action"
            ),
            "--cloudformation-execution-policies",
        ),
        ("DBSnapshot not found: mlops-dev-snapshot", "describe-db-snapshots --region eu-west-1"),
        (
            "Invalid storage size for engine name postgres and storage type gp3: 32",
            "DBSnapshots[].[DBSnapshotIdentifier,AllocatedStorage]",
        ),
        (
            "Your account must be verified before you can add or update CloudFront resources.",
            "AWS Support",
        ),
        ("ECS Deployment Circuit Breaker was triggered.", "aws logs tail"),
        (
            (
                "Unable to assume the service linked role. Please verify that the ECS service "
                "linked role exists."
            ),
            "deploy again",
        ),
        (
            (
                'Could not find any resources matching {"PrefixListName":'
                '"com.amazonaws.global.cloudfront.origin-facing"}; expected exactly one.'
            ),
            "access.domain",
        ),
    ],
)
def test_a_failure_is_told_with_what_mends_it(says: str, mends: str) -> None:
    assert mends in remedy(says, region="eu-west-1")


def test_of_an_unknown_failure_nothing_is_made_up() -> None:
    assert remedy("Internal Failure", region="eu-west-1") == ""
