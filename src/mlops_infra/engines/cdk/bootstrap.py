"""What an account needs before its first deploy: the CDK's own bootstrap, and whom CI deploys as.

The first is the roles, bucket and repository that the CDK deploys with, once a region. The second
is a stack like any other, `stacks/aws/deployer.py`, planned and deployed as the platform is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlops_infra.config.models import GITHUB_ISSUER
from mlops_infra.engines.cdk.account import (
    BOOTSTRAP_VERSION,
    aws_of,
    bootstrap_version,
    check_credentials,
)
from mlops_infra.engines.cdk.planning import deploy_changes
from mlops_infra.engines.cdk.stack import Stack
from mlops_infra.engines.cdk.steps import carry_out
from mlops_infra.engines.cdk.toolkit import Toolkit
from mlops_infra.engines.progress import step
from mlops_infra.errors import PrerequisiteError
from mlops_infra.model import Action, Change, Goal, Plan

if TYPE_CHECKING:
    import boto3

    from mlops_infra.engines.base import OnEvent
    from mlops_infra.model import Target

STACK = "CDKToolkit"
"""What the CDK calls it, too."""
PROVIDER = "AWS::IAM::OIDCProvider"
AUDIENCE = "sts.amazonaws.com"


def plan_bootstrap(target: Target, session: boto3.Session) -> Plan:
    """Return whether the account has to be bootstrapped, and what CI still needs in it."""
    check_credentials(target, session)
    changes = _toolkit_changes(target, session)
    if target.environment.ci is None:
        return Plan(target=target, goal=Goal.BOOTSTRAP, changes=changes)
    stack = _deployer(target, session)
    toolkit = Toolkit(target, deployer=_provider(target, session, stack))
    changes += deploy_changes(stack, toolkit)
    return Plan(target=target, goal=Goal.BOOTSTRAP, changes=changes, token=toolkit)


def carry_out_bootstrap(
    plan: Plan, session: boto3.Session, toolkit: Toolkit, on_event: OnEvent
) -> None:
    """Run `cdk bootstrap`, which may be run again at any time; then deploy whom CI deploys as."""
    aws = aws_of(plan.target)
    rest = tuple(each for each in plan.changes if each.resource != STACK)
    if rest != plan.changes:
        with step(STACK, "cdk bootstrap", on_event):
            toolkit.bootstrap(f"aws://{aws.account}/{aws.region}")
    if rest:
        stack = _deployer(plan.target, session)
        carry_out(replace(plan, changes=rest), stack, toolkit, on_event)


def ci_variables(target: Target) -> dict[str, str]:
    """Return what `aws-actions/configure-aws-credentials` takes; empty where the file has no CI."""
    if target.environment.ci is None:
        return {}
    aws, name = aws_of(target), target.environment.deployer_name
    return {"AWS_ROLE_ARN": f"arn:aws:iam::{aws.account}:role/{name}", "AWS_REGION": aws.region}


def _toolkit_changes(target: Target, session: boto3.Session) -> tuple[Change, ...]:
    aws, version = aws_of(target), bootstrap_version(session)
    if version is None:
        reason = f"cdk bootstrap of account {aws.account} in {aws.region}"
        return (Change(action=Action.CREATE, resource=STACK, reason=reason),)
    if version < BOOTSTRAP_VERSION:
        reason = f"version {version}, at least {BOOTSTRAP_VERSION} is needed"
        return (Change(action=Action.UPDATE, resource=STACK, reason=reason),)
    return ()


def _deployer(target: Target, session: boto3.Session) -> Stack:
    return Stack(session, target.environment.deployer_name)


def _provider(target: Target, session: boto3.Session, stack: Stack) -> str:
    """Return whether the stack is to have what the account knows GitHub by, which it has once.

    Raises:
        PrerequisiteError: there is one that was made for something else.
    """
    iam: Any = session.client("iam")
    host = GITHUB_ISSUER.partition("//")[2]
    arn = f"arn:aws:iam::{aws_of(target).account}:oidc-provider/{host}"
    try:
        found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    except iam.exceptions.NoSuchEntityException:
        return "with-provider"
    if stack.state and any(each["ResourceType"] == PROVIDER for each in stack.resources()):
        return "with-provider"
    if AUDIENCE not in found["ClientIDList"]:
        raise PrerequisiteError(
            f"{arn} is not for {AUDIENCE}, but for {', '.join(found['ClientIDList']) or 'nobody'}",
            hint="aws iam add-client-id-to-open-id-connect-provider "
            f"--open-id-connect-provider-arn {arn} --client-id {AUDIENCE}",
        )
    return "alone"
