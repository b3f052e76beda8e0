"""Logs, and how long they are kept: the server's and database's, and a bucket for the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_logs, aws_s3
from constructs import Construct

from stacks.aws.findings import accept

if TYPE_CHECKING:
    from mlops_infra.config.models import Environment
    from stacks.aws.encryption import Encryption


class Logs(Construct):
    """A log group for the server, and a bucket for what AWS only writes to buckets.

    Kept 90 days in a protected environment, 14 in any other. Logs are not the environment's data:
    they go with it, but for the bucket: CloudFormation deletes only empty ones. Its name is ours,
    so that the next deploy takes it back.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        encryption: Encryption,
    ) -> None:
        super().__init__(scope, construct_id)
        keep_days = 90 if environment.protected else 14
        stack = cdk.Stack.of(self)
        self.bucket = aws_s3.Bucket(
            self,
            "Bucket",
            bucket_name=f"{stack.stack_name}-{stack.account}-{stack.region}-logs",
            encryption=aws_s3.BucketEncryption.S3_MANAGED,  # the only kind that log delivery takes
            block_public_access=aws_s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=aws_s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=False,
            lifecycle_rules=[
                aws_s3.LifecycleRule(
                    expiration=cdk.Duration.days(keep_days),
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(1),
                )
            ],
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        accept(self.bucket, "logs of access to logs would never end", checkov=["CKV_AWS_18"])
        accept(self.bucket, "logs are only ever added, and expire", checkov=["CKV_AWS_21"])
        self._retention = (
            aws_logs.RetentionDays.THREE_MONTHS
            if environment.protected
            else aws_logs.RetentionDays.TWO_WEEKS
        )
        self._key = encryption.key
        self.server = self.group(self, "Server")

    def group(
        self, scope: Construct, construct_id: str, *, name: str | None = None
    ) -> aws_logs.LogGroup:
        """Make a log group like the others; with a name where a service insists on its own."""
        return aws_logs.LogGroup(
            scope,
            construct_id,
            log_group_name=name,
            encryption_key=self._key,
            retention=self._retention,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
