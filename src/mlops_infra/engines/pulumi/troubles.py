"""What Pulumi says when it fails, as errors that a person can act on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from mlops_infra.engines.pulumi.clouds.remedies import remedy
from mlops_infra.engines.pulumi.state import state_of
from mlops_infra.errors import InfraError, LockedError, PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_infra.model import Target

NO_STACK = "no stack named"
LOCKED = "the stack is currently locked by"
OWNER = re.compile(r"created by (?P<user>\S+)@(?P<host>\S+) \(pid (?P<pid>\d+)\) at (?P<since>\S+)")
NO_LOGIN = re.compile(
    r"could not find default credentials|DefaultAzureCredential|failed to acquire a token"
    r"|oauth2: |AADSTS|Unauthenticated|No credentials|invalid_grant|invalid_rapt"
    r"|InvalidAuthenticationToken\b|ExpiredAuthenticationToken|run 'az login'|Invalid Credentials",
    re.IGNORECASE,
)
NO_KEY = re.compile(
    r"secrets \(code=(?:NotFound|PermissionDenied)|KeyNotFound|vault\.azure\.net.*no such host"
    r"|cloudkms\.\w+\.\w+' denied|CryptoKey \S+ not found|RESPONSE 403.*vault\.azure\.net"
    r"|vault\.azure\.net.*(?:RESPONSE 403|ForbiddenByRbac|Caller is not authorized)",
    re.IGNORECASE | re.DOTALL,
)
NO_RIGHT = re.compile(
    r"AuthorizationPermissionMismatch|AuthorizationFailure|blob .*code=PermissionDenied"
    r"|storage\.\w+\.\w+ access to the Google Cloud Storage",
    re.IGNORECASE,
)
NO_STATE = re.compile(
    r"unable to (?:open|access|read) bucket|bucket .*(?:doesn.t|does not) exist|NoSuchBucket"
    r"|ContainerNotFound|could not list bucket|no such bucket|code=NotFound|is not accessible"
    r"|blob\.core\.windows\.net.*no such host",
    re.IGNORECASE,
)
SIGN_IN = {"azure": "az login", "gcp": "gcloud auth application-default login"}
KEY_ROLE = {
    "azure": "the role 'Key Vault Crypto User' on the key",
    "gcp": "the role roles/cloudkms.cryptoKeyEncrypterDecrypter on the key",
}
STATE_ROLE = {
    "azure": "the role 'Storage Blob Data Contributor' on the container",
    "gcp": "the role roles/storage.objectUser on the bucket",
}


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


def told(target: Target, *errors: str) -> InfraError:
    """Return the error behind what Pulumi printed, which can be several at once."""
    said = "\n".join(errors)
    state = state_of(target).url
    if LOCKED in said:
        return locked(target, owners(said))
    if "incorrect passphrase" in said or "passphrase must be set" in said:
        return PrerequisiteError(
            "PULUMI_CONFIG_PASSPHRASE is not the one that this environment's secrets are kept with",
            hint="export PULUMI_CONFIG_PASSPHRASE=…",
        )
    if NO_LOGIN.search(said):
        return PrerequisiteError(
            f"no login to {target.cloud}, or it has expired\n{_tail(said)}",
            hint=SIGN_IN[target.cloud],
        )
    if NO_KEY.search(said):
        key = state_of(target).secrets_provider
        return PrerequisiteError(
            f"the key of {target} is not there, or you may not use it: {key}\n{_tail(said)}",
            hint=f"{bootstrap_command(target)}  makes it; another's is granted with "
            f"{KEY_ROLE[target.cloud]}",
        )
    if NO_RIGHT.search(said):
        return PrerequisiteError(
            f"you may not read or write the state of {target}: {state}\n{_tail(said)}",
            hint=f"have {STATE_ROLE[target.cloud]} granted; a new role takes minutes",
        )
    if NO_STATE.search(said):
        return PrerequisiteError(
            f"the state of {target} cannot be reached: {state}\n{_tail(said)}",
            hint=f"{bootstrap_command(target)}  makes it",
        )
    return _failed(target, errors)


def locked(target: Target, holders: Sequence[Owner]) -> LockedError:
    """Return the error of a stack that others hold."""
    who = ", ".join(map(str, holders)) or "another process"
    return LockedError(
        f"{target} is being changed by another deploy ({who})",
        hint="wait until it has finished; where it is dead for sure:\n"
        f"  pulumi login {state_of(target).url}\n  pulumi cancel --stack {_full_name(target)}",
    )


def _failed(target: Target, errors: tuple[str, ...]) -> InfraError:
    """Return the error behind what a cloud said of some resources, with what mends each."""
    found = list(dict.fromkeys(filter(None, (remedy(target, error) for error in errors))))
    are_prerequisites = bool(found) and all(each.is_prerequisite for each in found)
    mends = "\n       ".join(each.do for each in found) or "mend that"
    kind = PrerequisiteError if are_prerequisites else InfraError
    return kind(
        "\n".join(["Pulumi failed", *map(_tail, errors)]),
        hint=f"{mends}; then run the command again: it goes on from here",
    )


def bootstrap_command(target: Target) -> str:
    """Return the command that makes what must be there before the first deploy."""
    return f"mlops-infra bootstrap -e {target.environment.name} --cloud {target.cloud}"


def _full_name(target: Target) -> str:
    return f"organization/{target.environment.project}/{target.environment.name}"


def _tail(said: str) -> str:
    lines = [line.rstrip() for line in said.splitlines() if line.strip()]
    return "\n".join(f"  {line}" for line in lines[-12:])
