"""The environment's own key, for what nobody needs once the environment is gone.

It goes with the stack, so nothing that outlives the stack may need it: bucket, snapshots and
backups use AWS's keys.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct


class Encryption(Construct):
    """A key that rotates, for secrets, logs and alarms, and that those services may use."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        self.key = kms.Key(
            self,
            "Key",
            description=f"{stack.stack_name}: secrets, logs and alarms",
            enable_key_rotation=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        # CloudWatch cannot publish to a topic with AWS's own key:
        # https://repost.aws/knowledge-center/cloudwatch-receive-sns-for-alarm-trigger
        self._let(
            "cloudwatch.amazonaws.com", {"StringEquals": {"aws:SourceAccount": stack.account}}
        )
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        self._let(
            f"logs.{stack.region}.amazonaws.com",
            {
                "ArnLike": {
                    "kms:EncryptionContext:aws:logs:arn": stack.format_arn(
                        service="logs", resource="*"
                    )
                }
            },
        )

    def _let(self, service: str, conditions: dict[str, dict[str, str]]) -> None:
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(service)],
                actions=[
                    "kms:Decrypt",
                    "kms:DescribeKey",
                    "kms:Encrypt",
                    "kms:GenerateDataKey*",
                    "kms:ReEncrypt*",
                ],
                resources=["*"],  # in a key's policy: this key
                conditions=conditions,
            )
        )
