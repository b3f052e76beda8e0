"""What mends a failure that CloudFormation or the CDK CLI tells of, by AWS's own wording.

Quota codes: `aws service-quotas list-service-quotas --service-code vpc`, and so on.
"""

from __future__ import annotations

import re

QUOTAS = (
    ("number of VPCs has been reached", "vpc", "L-F678F1CE"),
    ("exceeded the limit of VPCs", "vpc", "L-F678F1CE"),
    ("number of internet gateways has been reached", "vpc", "L-A4707A72"),
    ("exceed the limit of .* NAT gateways", "vpc", "L-FE5A380F"),
    ("number of rules per security group has been reached", "vpc", "L-0EA8095F"),
    ("number of addresses has been reached", "ec2", "L-0263D0A3"),
    ("quota for DB instances|DBInstanceQuotaExceeded|InstanceQuotaExceeded", "rds", "L-7B6409FD"),
    ("limit on the number of vCPUs you can run concurrently", "fargate", "L-3032A538"),
)
"""What AWS says where a limit of the account is reached, and the limit's name to Service Quotas."""

RAISE = (
    "raise the limit, or delete what is not used: aws service-quotas "
    "request-service-quota-increase --region {region} --service-code {service} "
    "--quota-code {code} --desired-value {number}"
)

REMEDIES = (
    (
        r"must be verified before you can add",
        "have AWS Support verify the account for CloudFront, or set access.domain in the file",
    ),
    (
        r"not authorized to perform",
        (
            "give that role the permission; CloudFormation's own is set with: npx cdk bootstrap "
            "--cloudformation-execution-policies ARN"
        ),
    ),
    (
        r"AWS::S3::Bucket.*already exists|bucket name is not available|BucketAlreadyExists",
        (
            "change 'project' or the environment's name in the file: a bucket's name is taken for "
            "all accounts"
        ),
    ),
    (
        r"already exist|import of existing resource",
        "it is in the account and in no stack of ours: delete it, or change 'project' in the file",
    ),
    (
        r"DBSnapshot not found|DBSnapshotNotFound",
        (
            "change database.restore_from to one of: aws rds describe-db-snapshots "
            "--region {region} --query 'DBSnapshots[].DBSnapshotIdentifier'"
        ),
    ),
    (
        r"Invalid storage size for engine name postgres",
        (
            "raise database.storage_gib in the file to what the snapshot has, which has grown: aws "
            "rds describe-db-snapshots --region {region} "
            "--query 'DBSnapshots[].[DBSnapshotIdentifier,AllocatedStorage]'"
        ),
    ),
    (
        r"InsufficientDBInstanceCapacity",
        "wait an hour, or change database.size in the file: the zones have none of that size left",
    ),
    (
        r"[Cc]ircuit [Bb]reaker",
        (
            "deploy again and watch the server's log meanwhile: aws logs tail --follow --region "
            "{region} GROUP, one of: aws logs describe-log-groups --region {region}"
        ),
    ),
    (
        r"service linked role",
        "deploy again: AWS is still making a role that the first deploy of an account needs",
    ),
    (
        r"Could not find any resources matching .*cloudfront",
        "set access.domain in the file, or another aws.region: CloudFront has no prefix list there",
    ),
)
"""Wordings that no limit is behind; the first that fits is taken."""


def remedy(failure: str, *, region: str) -> str:
    """Return what mends `failure`, as words and a command; empty where only its text can tell."""
    for says, service, code in QUOTAS:
        if re.search(says, failure):
            return RAISE.format(region=region, service=service, code=code, number="NUMBER")
    for says, words in REMEDIES:
        if re.search(says, failure, re.DOTALL):
            return words.format(region=region)
    return ""
