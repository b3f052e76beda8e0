"""What must be so before a deploy begins, asked before anything is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.engines.pulumi.workspace import Workspace

if TYPE_CHECKING:
    from mlops_infra.model import Target


def check(target: Target) -> None:
    """See that the command line, the state and its secrets can be used.

    Raises:
        PrerequisiteError: one of them cannot; the hint is the command that mends it.
    """
    workspace = Workspace(target)
    workspace.require_secrets()
    if workspace.export() is None:  # else the plan, which decrypts, would tell
        workspace.try_key()
