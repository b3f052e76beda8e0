"""The tokens that GitHub signs for the jobs of its workflows, and those that must not get in.

https://docs.github.com/actions/reference/security/oidc
"""

from __future__ import annotations

from typing import Any

ISSUER = "https://token.actions.githubusercontent.com"
Claims = dict[str, str]

BY_NAME, BY_ID = "octo-org/ml", "octo-org@12/ml@345"
"""How a file names the repository; since 2026 GitHub puts ids into the subjects of new ones."""


def claims(
    audience: str,
    *,
    repository: str = "octo-org/ml",
    ids: tuple[str, str] = ("12", "345"),
    environment: str | None = "dev",
    ref: str = "refs/heads/main",
    event: str = "push",
    issuer: str = ISSUER,
    is_immutable: bool = False,
) -> Claims:
    """Return what a token says; its subject is made as GitHub makes it."""
    owner, name = repository.split("/")
    who = f"{owner}@{ids[0]}/{name}@{ids[1]}" if is_immutable else repository
    context = f"environment:{environment}"
    if environment is None:
        context = "pull_request" if event == "pull_request" else f"ref:{ref}"
    found = {
        "iss": issuer,
        "aud": audience,
        "sub": f"repo:{who}:{context}",
        "repository": repository,
        "repository_owner": owner,
        "repository_owner_id": ids[0],
        "repository_id": ids[1],
        "ref": ref,
        "event_name": event,
    }
    return found if environment is None else {**found, "environment": environment}


ANOTHER_AUDIENCE = "another audience"
REFUSED: dict[str, dict[str, Any]] = {
    "another repository": {"repository": "octo-org/other"},
    "a repository that is called alike": {"repository": "octo-org/ml-2"},
    "the same name of another owner": {"repository": "evil/ml"},
    "an owner that is called alike": {"repository": "not-octo-org/ml"},
    "another environment": {"environment": "prod"},
    "an environment that is called alike": {"environment": "dev-2"},
    "the main branch without an environment": {"environment": None},
    "another branch": {"environment": None, "ref": "refs/heads/feature"},
    "a branch called like the environment": {"environment": None, "ref": "environment:dev"},
    "a pull request": {"environment": None, "event": "pull_request", "ref": "refs/pull/1/merge"},
    "another issuer": {"issuer": "https://gitlab.example.com"},
    ANOTHER_AUDIENCE: {},
}
"""What differs in a token that must not get in."""

REUSED = ("98", "765")
"""The ids of a repository that was made anew under the names of one that is gone."""


def refused(what: str, audience: str, *, is_immutable: bool) -> Claims:
    """Return the claims of a token that must not get in."""
    wanted = "https://github.com/octo-org" if what == ANOTHER_AUDIENCE else audience
    return claims(wanted, is_immutable=is_immutable, **REFUSED[what])
