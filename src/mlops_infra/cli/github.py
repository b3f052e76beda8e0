"""What a repository on GitHub is told so that its jobs can sign in: `gh` commands, no secret."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_infra.config.models import Ci

SUBJECT = "gh api repos/{repository}/actions/oidc/customization/sub"
IDS = (
    "gh api repos/{repository} "
    """--jq '"\\(.owner.login)@\\(.owner.id)/\\(.name)@\\(.id)"'"""
)


def commands(ci: Ci, environment: str, variables: Mapping[str, str]) -> list[str]:
    """Return what makes GitHub's environment, unless it is there, and sets its variables.

    One that is there is left alone: to make it again would take away who must approve.
    """
    repository = ci.repository
    place = f"repos/{repository}/environments/{environment}"
    asked = shlex.join(["gh", "api", "--silent", place])
    made = shlex.join(["gh", "api", "--silent", "--method", "PUT", place])
    where = ["--repo", repository, "--env", environment]
    return [
        f"{asked} 2>/dev/null || {made}",
        *(
            shlex.join(["gh", "variable", "set", name, *where, "--body", value])
            for name, value in variables.items()
        ),
    ]


def advice(ci: Ci, environment: str) -> str:
    """Return what a person does with the commands, and what the file may lack."""
    said = f"for GitHub's environment '{environment}' of {ci.repository}, run these:"
    if ci.repository_id:
        return said
    shown, ids = (each.format(repository=ci.repository) for each in (SUBJECT, IDS))
    return (
        f"jobs sign in as 'repo:{ci.github}:environment:{environment}'; where {shown} has "
        f"'use_immutable_subject', ci.github in the file must be what this says:  {ids}\n{said}"
    )


def document(ci: Ci, environment: str, variables: Mapping[str, str]) -> dict[str, Any]:
    """Return the same as JSON's types."""
    return {
        "repository": ci.repository,
        "environment": environment,
        "variables": dict(variables),
        "commands": commands(ci, environment, variables),
    }
