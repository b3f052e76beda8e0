"""A bootstrap ends with what lets a repository's jobs in: commands for `gh`, with no secret."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.functional.conftest import CommandLine

DEV = ("-e", "dev", "--cloud", "local")


def test_bootstrap_ends_with_the_commands_that_let_the_repository_in(cli: CommandLine) -> None:
    cli.let_in("octo-org/ml")
    answer = cli("bootstrap", *DEV, "--yes")
    there, role = answer.stdout.splitlines()
    assert there == (
        "gh api --silent repos/octo-org/ml/environments/dev 2>/dev/null"
        " || gh api --silent --method PUT repos/octo-org/ml/environments/dev"
    )
    assert role == (
        "gh variable set RECORDED_ROLE --repo octo-org/ml --env dev --body 'the recorded role'"
    )
    assert "gh api repos/octo-org/ml/actions/oidc/customization/sub" in answer.stderr

    again = cli("bootstrap", *DEV, "--json")
    assert json.loads(again.stdout)["ci"] == {
        "repository": "octo-org/ml",
        "environment": "dev",
        "variables": {"RECORDED_ROLE": "the recorded role"},
        "commands": [there, role],
    }


def test_ids_in_the_file_are_for_the_trust_and_not_for_gh(cli: CommandLine) -> None:
    cli.let_in("octo-org@12/ml@345")
    answer = cli("bootstrap", *DEV, "--yes")
    assert "repos/octo-org/ml/environments/dev" in answer.stdout
    assert "345" not in answer.stdout + answer.stderr
    assert "customization/sub" not in answer.stderr
