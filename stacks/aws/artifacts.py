"""The artifact store: a private bucket that outlives its stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.aws.findings import accept

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam

    from mlops_infra.config.models import Environment
    from stacks.aws.logs import Logs

PREFIX = "artifacts"


class Artifacts(Construct):
    """A bucket, encrypted, TLS only, closed to the public; kept when the stack is deleted."""

    def __init__(
        self, scope: Construct, construct_id: str, *, environment: Environment, logs: Logs
    ) -> None:
        super().__init__(scope, construct_id)
        wanted, stack = environment.artifacts, cdk.Stack.of(self)
        # id is a contract: renaming replaces the bucket
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            # Ours, so that the next deploy finds what a teardown kept, and takes it back.
            bucket_name=f"{stack.stack_name}-{stack.account}-{stack.region}",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=wanted.versioning,
            lifecycle_rules=[
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(7),
                    noncurrent_version_expiration=cdk.Duration.days(wanted.expire_noncurrent_days)
                    if wanted.versioning
                    else None,
                )
            ],
            server_access_logs_bucket=logs.bucket,
            server_access_logs_prefix="bucket/",
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        if not wanted.versioning:
            accept(self.bucket, "the file says `versioning: false`", checkov=["CKV_AWS_21"])

    @property
    def uri(self) -> str:
        """Where MLflow puts artifacts."""
        return f"s3://{self.bucket.bucket_name}/{PREFIX}"

    @property
    def logical_id(self) -> str:
        """What the template calls the bucket."""
        resource = self.bucket.node.default_child
        if not isinstance(resource, s3.CfnBucket):
            raise TypeError("a bucket is a resource")
        return cdk.Stack.of(self).get_logical_id(resource)

    def grant(self, role: iam.IRole) -> None:
        """Let `role` do what MLflow's S3 store does, on this bucket and below its prefix only."""
        objects = self.bucket.arn_for_objects(f"{PREFIX}/*")
        for actions, resource, conditions in (
            (
                ["s3:ListBucket"],
                self.bucket.bucket_arn,
                {"StringLike": {"s3:prefix": [PREFIX, f"{PREFIX}/*"]}},
            ),
            (
                ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
                objects,
                None,
            ),
        ):
            role.add_to_principal_policy(
                cdk.aws_iam.PolicyStatement(
                    actions=actions, resources=[resource], conditions=conditions
                )
            )
