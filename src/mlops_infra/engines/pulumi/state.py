"""Where the environment's file keeps Pulumi's state, and what encrypts the secrets in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.config.models import Cloud
from mlops_infra.errors import UsageError

if TYPE_CHECKING:
    from mlops_infra.config.models import State
    from mlops_infra.model import Target

LOCAL = "file://"


def state_of(target: Target) -> State:
    """Return the section `state` of the target's cloud; `find_target` has seen that it is there."""
    environment = target.environment
    section = environment.azure if target.cloud is Cloud.AZURE else environment.gcp
    if section is None:
        raise UsageError(f"environment '{environment.name}' has no section '{target.cloud}'")
    return section.state


def state_url(target: Target) -> str:
    """Return where the state is; a relative folder is the project's."""
    url = state_of(target).url
    if url.startswith(LOCAL) and not url.startswith((f"{LOCAL}/", f"{LOCAL}~")):
        return f"{LOCAL}{target.project_dir / url.removeprefix(LOCAL)}"
    return url
