"""What a deploy needs: what `doctor` says of it, and `plan`, `deploy` and `bootstrap` with it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mlops_infra.model import Finding, Verdict

if TYPE_CHECKING:
    from tests.functional.conftest import CommandLine

DEV = ("-e", "dev", "--cloud", "local")
NO_NODE = Finding(
    name="node", verdict=Verdict.MISSING, detail="no node", remedy="apt install nodejs"
)


def test_plan_exits_4_and_names_the_cure_where_a_tool_is_missing(cli: CommandLine) -> None:
    cli.engine.findings = (NO_NODE,)
    answer = cli("plan", *DEV)
    assert answer.code == 4
    assert answer.stderr == "error: no node\ntry:   apt install nodejs\n"
    assert answer.stdout == ""


def test_doctor_shows_everything_and_exits_0_where_a_deploy_can_begin(cli: CommandLine) -> None:
    unknown = Finding(name="quotas", verdict=Verdict.UNKNOWN, detail="may not be asked for")
    cli.engine.findings = (*cli.engine.findings, unknown)
    answer = cli("doctor", *DEV)
    assert answer.code == 0
    assert answer.stdout.splitlines() == [
        "ok       memory  of this process",
        "unknown  quotas  may not be asked for",
    ]
    assert cli.engine.calls == [("check", "dev on local")]


@pytest.mark.parametrize("verdict", [Verdict.MISSING, Verdict.BUSY])
def test_doctor_exits_4_where_a_deploy_would_fail_with_the_command_that_mends_it(
    cli: CommandLine, verdict: Verdict
) -> None:
    cli.engine.findings = (*cli.engine.findings, replace(NO_NODE, verdict=verdict))
    answer = cli("doctor", *DEV)
    assert answer.code == 4
    assert answer.stdout.splitlines()[1:] == [
        f"{verdict:<7}  node    no node",
        "                 → apt install nodejs",
    ]
    assert answer.stderr == ""


def test_doctor_as_json_is_one_document(cli: CommandLine) -> None:
    cli.engine.findings = (*cli.engine.findings, NO_NODE)
    answer = cli("doctor", *DEV, "--json")
    document = json.loads(answer.stdout)
    assert (answer.code, document["is_ready"]) == (4, False)
    assert document["findings"] == [
        {"name": "memory", "verdict": "ok", "detail": "of this process", "remedy": ""},
        {
            "name": "node",
            "verdict": "missing",
            "detail": "no node",
            "remedy": "apt install nodejs",
        },
    ]


def test_bootstrap_shows_what_it_would_make_and_makes_it_only_after_a_yes(cli: CommandLine) -> None:
    answer = cli("bootstrap", *DEV)
    assert answer.code == 3
    assert "+   bucket  create: there is none" in answer.stderr
    assert "--yes" in answer.stderr
    assert ("apply", "dev on local") not in cli.engine.calls


def test_bootstrap_may_be_run_again_and_asks_for_nothing_that_it_is_to_make(
    cli: CommandLine,
) -> None:
    cli.engine.findings = (NO_NODE,)
    answer = cli("bootstrap", *DEV, "--yes")
    assert (answer.code, answer.stdout) == (0, "")
    assert "next:  mlops-infra deploy -e dev --cloud local" in answer.stderr
    assert (
        "nothing to do: dev on local has all that a deploy needs" in cli("bootstrap", *DEV).stderr
    )


def test_bootstrap_as_json_is_one_document(cli: CommandLine) -> None:
    document = json.loads(cli("bootstrap", *DEV, "--yes", "--json").stdout)
    assert document["goal"] == "bootstrap"
    assert [each["resource"] for each in document["changes"]] == ["bucket"]
