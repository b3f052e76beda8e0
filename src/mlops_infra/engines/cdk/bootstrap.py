"""The CDK's own bootstrap: the roles, bucket and repository that it deploys with, once a region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.engines.cdk.account import (
    BOOTSTRAP_VERSION,
    aws_of,
    bootstrap_version,
    check_credentials,
)
from mlops_infra.model import Action, Change, Event, Goal, Plan

if TYPE_CHECKING:
    import boto3

    from mlops_infra.engines.base import OnEvent
    from mlops_infra.engines.cdk.toolkit import Toolkit
    from mlops_infra.model import Target

STACK = "CDKToolkit"
"""What the CDK calls it, too."""


def plan_bootstrap(target: Target, session: boto3.Session) -> Plan:
    """Return whether the account has to be bootstrapped, or its bootstrap renewed."""
    check_credentials(target, session)
    aws, version = aws_of(target), bootstrap_version(session)
    changes: tuple[Change, ...] = ()
    if version is None:
        reason = f"cdk bootstrap of account {aws.account} in {aws.region}"
        changes = (Change(action=Action.CREATE, resource=STACK, reason=reason),)
    elif version < BOOTSTRAP_VERSION:
        reason = f"version {version}, at least {BOOTSTRAP_VERSION} is needed"
        changes = (Change(action=Action.UPDATE, resource=STACK, reason=reason),)
    return Plan(target=target, goal=Goal.BOOTSTRAP, changes=changes)


def carry_out_bootstrap(plan: Plan, toolkit: Toolkit, on_event: OnEvent) -> None:
    """Run `cdk bootstrap`, which may be run again at any time."""
    aws = aws_of(plan.target)
    on_event(Event(resource=STACK, message="cdk bootstrap: two minutes"))
    toolkit.bootstrap(f"aws://{aws.account}/{aws.region}")
    on_event(Event(resource=STACK, message="cdk bootstrap", done=True))
