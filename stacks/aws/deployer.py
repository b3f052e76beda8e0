"""Whom CI deploys as: a role without a key, for the jobs of one GitHub environment.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from mlops_infra.config.models import GITHUB_ISSUER
from stacks.aws.findings import accept

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

    from mlops_infra.config.models import Environment

AUDIENCE = "sts.amazonaws.com"
CDK = "cdk-hnb659fds"
"""What everything of the CDK's own bootstrap is called first."""
CDK_ROLES = ("deploy", "file-publishing", "image-publishing", "lookup")

OF_THE_STACK = (
    "DeleteChangeSet",
    "DeleteStack",
    "DescribeChangeSet",
    "DescribeStackEvents",
    "DescribeStackResourceDrifts",
    "DescribeStacks",
    "DetectStackDrift",
    "DetectStackResourceDrift",
    "GetTemplate",
    "ListStackResources",
    "UpdateTerminationProtection",
)
"""What `engines/cdk` asks of CloudFormation itself, of the environment's stack."""

READS = (
    "acm:Describe*",
    "acm:List*",
    "application-autoscaling:Describe*",
    "application-autoscaling:List*",
    "cloudformation:BatchDescribeTypeConfigurations",
    "cloudformation:DescribeEvents",
    "cloudformation:DescribeStackDriftDetectionStatus",
    "cloudfront:Describe*",
    "cloudfront:Get*",
    "cloudfront:List*",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:ListTagsForResource",
    "ec2:Describe*",
    "ecs:Describe*",
    "elasticloadbalancing:Describe*",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:List*Polic*",
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListResourceTags",
    "logs:Describe*",
    "logs:GetDataProtectionPolicy",
    "logs:ListTagsForResource",
    "rds:Describe*",
    "rds:ListTagsForResource",
    "route53:Get*",
    "route53:List*",
    "s3:Get*Configuration",
    "s3:GetBucket*",
    "s3:ListBucket",
    "s3:ListTagsForResource",
    "secretsmanager:DescribeSecret",
    "servicequotas:GetAWSDefaultServiceQuota",
    "servicequotas:GetServiceQuota",
    "sns:Get*",
    "sns:List*",
)
"""How things are, which a detection of drift asks each service as whoever started it, and a deploy
before it begins; no object, no log line and no secret. Few of these know a resource."""


class Deployer(cdk.Stack):
    """The role and, where the account has none yet, what it knows GitHub by: one an account."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        makes_provider: bool,
    ) -> None:
        aws = environment.aws
        if aws is None:
            raise ValueError(f"environment '{environment.name}' has no section 'aws'")
        super().__init__(
            scope,
            construct_id,
            env=cdk.Environment(account=aws.account, region=aws.region),
            description=f"GitHub deploys {environment.full_name} (mlops-infra)",
            termination_protection=environment.protected,
        )
        statements = self._statements(environment)
        issuer = urlsplit(GITHUB_ISSUER).netloc
        # ids are contracts: a plan shows them, and the engine looks for the provider's type
        role = iam.CfnRole(
            self,
            "Role",
            role_name=environment.deployer_name,
            description=f"What a deploy of {environment.full_name} needs",
            assume_role_policy_document=_document(
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRoleWithWebIdentity",
                    "Principal": {
                        "Federated": f"arn:aws:iam::{aws.account}:oidc-provider/{issuer}"
                    },
                    "Condition": {
                        "StringEquals": {
                            f"{issuer}:aud": AUDIENCE,
                            f"{issuer}:sub": environment.github_subject,
                        }
                    },
                }
            ),
            policies=[
                iam.CfnRole.PolicyProperty(
                    policy_name="deploy", policy_document=_document(*statements)
                )
            ],
        )
        accept(
            role,
            "describing and listing knows no resource; what changes is named, or told by its tags",
            nag=[
                f"IAM5[{kind}::{each}]"
                for statement in statements
                for kind in ("Action", "Resource")
                for each in statement[kind]
                if "*" in each
            ],
        )
        if makes_provider:
            provider = iam.CfnOIDCProvider(
                self, "Provider", url=GITHUB_ISSUER, client_id_list=[AUDIENCE]
            )
            provider.apply_removal_policy(cdk.RemovalPolicy.RETAIN)  # others may use it by then
            role.add_resource_dependency(provider)
        for key, value in environment.resource_tags.items():
            cdk.Tags.of(self).add(key, value)

    def _statements(self, environment: Environment) -> list[dict[str, Any]]:
        where = f"{self.region}:{self.account}"
        ours = {
            "StringEquals": {
                "aws:ResourceTag/project": environment.project,
                "aws:ResourceTag/environment": environment.name,
            }
        }
        images = f"{CDK}-container-assets-{self.account}-{self.region}"
        secrets = f"secretsmanager.{self.region}.amazonaws.com"
        return [
            _allow(
                ["sts:AssumeRole"],
                [
                    f"arn:aws:iam::{self.account}:role/{CDK}-{role}-role-{self.account}-{self.region}"
                    for role in CDK_ROLES
                ],
            ),
            _allow(
                ["ssm:GetParameter"], [f"arn:aws:ssm:{where}:parameter/cdk-bootstrap/hnb659fds/*"]
            ),
            _allow(["ecr:DescribeImages"], [f"arn:aws:ecr:{where}:repository/{images}"]),
            _allow(
                [f"cloudformation:{action}" for action in OF_THE_STACK],
                [f"arn:aws:cloudformation:{where}:stack/{environment.full_name}/*"],
            ),
            # The administrator's password, which a deploy asks the server with.
            _allow(
                ["secretsmanager:GetSecretValue"],
                [f"arn:aws:secretsmanager:{where}:secret:*"],
                ours,
            ),
            _allow(
                ["kms:Decrypt"],
                [f"arn:aws:kms:{where}:key/*"],
                {"StringEquals": {**ours["StringEquals"], "kms:ViaService": secrets}},
            ),
            # A teardown takes their protection away; a change of the front door, the latter's.
            _allow(["rds:ModifyDBInstance"], [f"arn:aws:rds:{where}:db:*"], ours),
            _allow(
                ["elasticloadbalancing:ModifyLoadBalancerAttributes"],
                [f"arn:aws:elasticloadbalancing:{where}:loadbalancer/*"],
                ours,
            ),
            _allow(READS, ["*"]),
        ]


def _document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(
    actions: Sequence[str], resources: Sequence[str], conditions: dict[str, Any] | None = None
) -> dict[str, Any]:
    found = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return {**found, "Condition": conditions} if conditions else found
