"""Who we are in AWS, and what of an account is ready."""

from __future__ import annotations

import os
from contextlib import contextmanager
from difflib import get_close_matches
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ProfileNotFound

from mlops_infra.errors import InfraError, PrerequisiteError, UsageError

if TYPE_CHECKING:
    from collections.abc import Generator

    from mlops_infra.config.models import Aws
    from mlops_infra.model import Target

QUALIFIER = "hnb659fds"
"""What the names of the CDK's own bootstrap have in them."""
BOOTSTRAP_PARAMETER = f"/cdk-bootstrap/{QUALIFIER}/version"
BOOTSTRAP_VERSION = 23
"""The first whose deploy role may roll a stack back: `cdk rollback` refuses an older one."""

EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}
SIGN_IN = "aws sso login, or set AWS_PROFILE to credentials of account {account}"


def aws_of(target: Target) -> Aws:
    """Return the file's section `aws`; `find_target` has seen that it is there."""
    if target.environment.aws is None:
        raise UsageError(f"environment '{target.environment.name}' has no section 'aws'")
    return target.environment.aws


class Session(boto3.Session):
    """A session for many threads, which makes each client once: `status --all` is full of them.

    boto3's own is for one thread, and takes 20 to 50 ms of processor time for a client.
    https://docs.aws.amazon.com/boto3/latest/guide/clients.html#multithreading-or-multiprocessing-with-clients
    """

    def __init__(self, *, region: str) -> None:
        super().__init__(region_name=region)
        self._making = Lock()
        self._made: dict[str, Any] = {}

    def client(self, service_name: str, *words: Any, **named: Any) -> Any:  # noqa: ANN401 - boto3 has no types
        """Return the client of a service; one with settings of its own is made anew."""
        with self._making:
            if words or named:
                return super().client(service_name, *words, **named)
            if service_name not in self._made:
                self._made[service_name] = super().client(service_name)
            return self._made[service_name]


def session_of(target: Target) -> Session:
    """Return the session in the file's region.

    Raises:
        UsageError: there is no such region.
        PrerequisiteError: AWS_PROFILE names a profile that there is not.
    """
    with _opening:
        try:
            return _session(aws_of(target).region)
        except ProfileNotFound as error:
            hint = "aws configure list-profiles"
            raise PrerequisiteError(str(error), hint=hint) from error


_opening = Lock()


@cache
def _session(region: str) -> Session:
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        if os.environ.get(name) == "":
            del os.environ[name]  # to botocore a profile without a name, to all others none
    session = Session(region=region)
    known = session.get_available_regions("cloudformation")
    if region not in known:
        near = get_close_matches(region, known, n=1)
        meant = f", did you mean '{near[0]}'?" if near else ""
        raise UsageError(f"no AWS region '{region}'{meant}", hint="change aws.region in the file")
    return session


def check_credentials(target: Target, session: boto3.Session) -> str:
    """Return whose credentials there are, once they are seen to be of the file's account.

    Raises:
        PrerequisiteError: one of that is not so.
    """
    aws = aws_of(target)
    sign_in = SIGN_IN.format(account=aws.account)
    try:
        found = session.client("sts").get_caller_identity()
    except NoCredentialsError as error:
        raise PrerequisiteError("no AWS credentials", hint=sign_in) from error
    except ClientError as error:
        expired = error.response["Error"]["Code"] in EXPIRED
        what = "have expired" if expired else f"were refused: {error}"
        raise PrerequisiteError(f"the AWS credentials {what}", hint=sign_in) from error
    except BotoCoreError as error:
        raise PrerequisiteError(f"AWS cannot be reached: {error}", hint=sign_in) from error
    _require_account(target, found["Account"])
    return found["Arn"]


def check_account(target: Target, session: boto3.Session, described: dict[str, Any] | None) -> None:
    """See that whoever was asked for the stack is the file's account; a found stack's id tells.

    Raises:
        PrerequisiteError: it is another one, or there are no credentials.
    """
    if described is None:  # not there, or merely not in that account
        check_credentials(target, session)
    else:
        _require_account(target, described["StackId"].split(":")[4])


def _require_account(target: Target, found: str) -> None:
    wanted = aws_of(target).account
    if found != wanted:
        raise PrerequisiteError(
            f"the AWS credentials are of account {found}, the file names {wanted}",
            hint=SIGN_IN.format(account=wanted),
        )


def bootstrap_version(session: boto3.Session) -> int | None:
    """Return the version of the account's bootstrap in the session's region; None without one."""
    ssm: Any = session.client("ssm")
    try:
        return int(ssm.get_parameter(Name=BOOTSTRAP_PARAMETER)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        return None


@contextmanager
def explained() -> Generator[None]:
    """Turn what boto3 raises into an error that a person can act on."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise told(error) from error


def told(error: ClientError | BotoCoreError) -> InfraError:
    """Return AWS's own words as an error of ours."""
    if isinstance(error, NoCredentialsError):
        return PrerequisiteError("no AWS credentials", hint="aws sso login, or set AWS_PROFILE")
    details: Any = getattr(error, "response", {}).get("Error", {})
    if details.get("Code") in EXPIRED:
        return PrerequisiteError("the AWS credentials have expired", hint="aws sso login")
    says = f"AWS: {details.get('Message') or error}"
    if details.get("Code") in DENIED:
        hint = "have that allowed, or set AWS_PROFILE to credentials that may do it"
        return PrerequisiteError(says, hint=hint)
    return InfraError(says)
