"""What a deploy to AWS needs: tools, credentials of the account, its bootstrap, room in it."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from mlops_infra.engines.builder import BUILD, tell_builder
from mlops_infra.engines.cdk.account import (
    BOOTSTRAP_VERSION,
    QUALIFIER,
    aws_of,
    bootstrap_version,
    check_credentials,
    explained,
    session_of,
)
from mlops_infra.engines.cdk.builder import holds_images
from mlops_infra.engines.cdk.quotas import check_quotas
from mlops_infra.engines.cdk.stack import Stack, is_busy
from mlops_infra.engines.clock import check_clock
from mlops_infra.engines.questions import Question, unknown_if_denied
from mlops_infra.errors import InfraError, PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlops_infra.engines.cdk.toolkit import Toolkit
    from mlops_infra.model import Target

REFUSED = re.compile(r"User: (arn:\S+) is not authorized")
SIGNED_IN = re.compile(r"AWSReservedSSO_(.+)_[0-9a-f]{16}")
"""A role that IAM Identity Center has made of a permission set."""
SESSION_SECONDS = 900
"""The shortest that AWS gives."""


def questions(target: Target, toolkit: Toolkit) -> tuple[Question, ...]:
    """Return what there is to ask, in the order in which it is told."""

    def ask(what: Callable[[Target], str]) -> Callable[[], str]:
        return partial(_explained, what, target)

    return (
        Question(name="node", ask=toolkit.node, is_for_plan=True),
        Question(name="cdk", ask=toolkit.version, is_for_plan=True),
        Question(name="clock", ask=ask(_clock)),
        Question(name="credentials", ask=ask(_credentials), is_for_plan=True),
        Question(name="bootstrap", ask=ask(_bootstrap), after=("credentials",), is_for_plan=True),
        Question(name="roles", ask=ask(_roles), after=("bootstrap",)),
        Question(name="stack", ask=ask(_stack), after=("credentials",)),
        Question(name="quotas", ask=ask(_quotas), after=("stack",)),
        Question(name="builder", ask=ask(_builder), after=("bootstrap",)),
    )


def _explained(what: Callable[[Target], str], target: Target) -> str:
    with explained():
        return what(target)


def _clock(target: Target) -> str:
    with unknown_if_denied():  # without a profile, which is told of as the credentials'
        url = session_of(target).client("sts").meta.endpoint_url
    return check_clock(url)


def _credentials(target: Target) -> str:
    return check_credentials(target, session_of(target))


def _bootstrap(target: Target) -> str:
    aws = aws_of(target)
    hint = f"mlops-infra bootstrap -e {target.environment.name} --cloud aws"
    version = bootstrap_version(session_of(target))
    if version is None:
        raise PrerequisiteError(
            f"account {aws.account} is not bootstrapped in {aws.region}", hint=hint
        )
    if version < BOOTSTRAP_VERSION:
        raise PrerequisiteError(
            f"account {aws.account}'s bootstrap is version {version}, at least "
            f"{BOOTSTRAP_VERSION} is needed",
            hint=hint,
        )
    return f"version {version} in {aws.region}"


def _roles(target: Target) -> str:
    """Take up each role that the CDK deploys with, as it will.

    https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html#bootstrapping-env-roles
    """
    sts, aws = session_of(target).client("sts"), aws_of(target)
    wanted = ["lookup", "file-publishing", "deploy"]
    if target.environment.image == BUILD:
        wanted.append("image-publishing")
    roles = f"arn:aws:iam::{aws.account}:role/cdk-{QUALIFIER}"
    for each in wanted:
        try:
            sts.assume_role(
                RoleArn=f"{roles}-{each}-role-{aws.account}-{aws.region}",
                RoleSessionName="mlops-infra-doctor",
                DurationSeconds=SESSION_SECONDS,
            )
        except ClientError as error:
            who = REFUSED.search(str(error))
            if who is None:  # root may take up no role, and needs none
                raise InfraError(f"the role '{each}' was not given: {error}") from error
            raise PrerequisiteError(
                f"{who[1]} may not take up the role '{each}' of the bootstrap",
                hint=_grant(who[1], roles),
            ) from error
    return f"may take up {', '.join(wanted)}"


def _grant(who: str, roles: str) -> str:
    """Return the command, or the way, by which somebody who may grants the roles."""
    kind, name, *rest = who.rpartition(":")[2].split("/")
    kind, name = ("role", name) if kind == "assumed-role" else (kind, [name, *rest][-1])
    allowed = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": f"{roles}-*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    if signed_in := SIGNED_IN.fullmatch(name):
        return (
            f"in IAM Identity Center, give the permission set '{signed_in[1]}' this inline policy, "
            f"for IAM refuses to change its role: '{policy}'"
        )
    return (
        f"aws iam put-{kind}-policy --{kind}-name {name} --policy-name mlops-infra-deploy "
        f"--policy-document '{policy}'"
    )


def _stack(target: Target) -> str:
    found = Stack(session_of(target), target.environment.full_name)
    state = found.state
    if is_busy(state):
        raise found.locked(state)
    return state.lower().replace("_", " ") or "none yet"


def _quotas(target: Target) -> str:
    session = session_of(target)
    if Stack(session, target.environment.full_name).state:
        return "not asked: the stack has its share"
    return check_quotas(session, protected=target.environment.protected)


def _builder(target: Target) -> str:
    aws = aws_of(target)
    repository = f"cdk-{QUALIFIER}-container-assets-{aws.account}-{aws.region}"

    def may_be_published() -> bool:
        with unknown_if_denied(), explained():
            return holds_images(session_of(target), repository)

    return tell_builder(target.environment.image, may_be_published=may_be_published)
