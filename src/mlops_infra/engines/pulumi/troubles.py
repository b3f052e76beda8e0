"""What Pulumi says when it fails, as errors that a person can act on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from mlops_infra.errors import InfraError, LockedError, PrerequisiteError

if TYPE_CHECKING:
    from mlops_infra.model import Target

NO_STACK = "no stack named"
LOCKED = "the stack is currently locked by"
OWNER = re.compile(r"created by (?P<user>\S+)@(?P<host>\S+) \(pid (?P<pid>\d+)\) at (?P<since>\S+)")
NO_LOGIN = re.compile(
    r"could not find default credentials|DefaultAzureCredential|failed to acquire a token"
    r"|oauth2: |AADSTS|Unauthenticated|No credentials",
    re.IGNORECASE,
)
NO_STATE = re.compile(
    r"unable to (?:open|access|read) bucket|bucket doesn.t exist|NoSuchBucket|ContainerNotFound"
    r"|could not list bucket|no such bucket|code=NotFound",
    re.IGNORECASE,
)
SIGN_IN = {"azure": "az login", "gcp": "gcloud auth application-default login"}


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Who holds a stack's lock, as the lock says."""

    user: str
    host: str
    pid: int
    since: datetime
    """When it took the lock, in whole seconds: Pulumi leaves out the rest."""

    def __str__(self) -> str:
        return f"{self.user}@{self.host}, process {self.pid}"


def owners(said: str) -> list[Owner]:
    """Return who holds the stack, from Pulumi's complaint about it."""
    return [
        Owner(
            user=each["user"],
            host=each["host"],
            pid=int(each["pid"]),
            since=datetime.fromisoformat(each["since"]),
        )
        for each in OWNER.finditer(said)
    ]


def told(target: Target, said: str) -> InfraError:
    """Return the error behind what Pulumi printed."""
    state = _state_url(target)
    if LOCKED in said:
        holders = ", ".join(map(str, owners(said))) or "another process"
        return LockedError(
            f"{target} is being changed by another deploy ({holders})",
            hint="wait until it has finished; where it is dead for sure:\n"
            f"  pulumi login {state}\n  pulumi cancel --stack {_full_name(target)}",
        )
    if "incorrect passphrase" in said or "passphrase must be set" in said:
        return PrerequisiteError(
            "PULUMI_CONFIG_PASSPHRASE is not the one that this environment's secrets are kept with",
            hint="export PULUMI_CONFIG_PASSPHRASE=…",
        )
    if NO_LOGIN.search(said):
        return PrerequisiteError(f"no login to {target.cloud}", hint=SIGN_IN[target.cloud])
    if NO_STATE.search(said):
        return PrerequisiteError(
            f"the state of {target} cannot be reached: {state}\n{_tail(said)}",
            hint="make that bucket, or sign in to an account that may read and write it",
        )
    return InfraError(
        f"Pulumi failed\n{_tail(said)}",
        hint="mend that, then run the command again: it goes on from here",
    )


def _full_name(target: Target) -> str:
    return f"organization/{target.environment.project}/{target.environment.name}"


def _state_url(target: Target) -> str:
    section = target.environment.azure if target.cloud == "azure" else target.environment.gcp
    return section.state.url if section else ""


def _tail(said: str) -> str:
    lines = [line.rstrip() for line in said.splitlines() if line.strip()]
    return "\n".join(f"  {line}" for line in lines[-12:])
