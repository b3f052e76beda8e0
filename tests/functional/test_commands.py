"""What each command prints, where, and what it exits with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mlops_infra.engines.recording import OUTPUTS
from mlops_infra.errors import LockedError
from mlops_infra.model import Difference

if TYPE_CHECKING:
    from tests.functional.conftest import CommandLine

DEV = ("-e", "dev", "--cloud", "local")


def deployed(cli: CommandLine, name: str = "dev") -> None:
    cli.engine.deployed.add(f"{name} on local")


def test_no_arguments_show_the_help(cli: CommandLine) -> None:
    answer = cli()
    assert answer.code == 0
    assert "Commands:" in answer.stdout


def test_plan_exits_2_with_changes_and_0_without(cli: CommandLine) -> None:
    assert cli("plan", *DEV).code == 2
    deployed(cli)
    answer = cli("plan", *DEV)
    assert answer.code == 0
    assert answer.stdout == "nothing to do: dev on local is deployed as its file says\n"


def test_plan_as_json_is_one_document(cli: CommandLine) -> None:
    document = json.loads(cli("plan", *DEV, "--json").stdout)
    assert document["has_changes"] is True
    assert document["changes"] == [
        {"action": "create", "resource": "server", "reason": "there is none"}
    ]


def test_deploy_without_a_terminal_names_the_flag_that_answers(cli: CommandLine) -> None:
    answer = cli("deploy", *DEV)
    assert answer.code == 3
    assert "--yes" in answer.stderr
    assert ("apply", "dev on local") not in cli.engine.calls


def test_deploy_exits_5_where_another_one_runs(cli: CommandLine) -> None:
    cli.engine.failing["apply"] = LockedError("dev is being changed by process 1")
    assert cli("deploy", *DEV, "--yes").code == 5


def test_deploy_says_what_it_will_do_on_stderr_only(cli: CommandLine) -> None:
    answer = cli("deploy", *DEV, "--yes")  # and fails: nothing answers at the fake's address
    assert answer.code == 1
    assert "+   server  create: there is none" in answer.stderr
    assert answer.stdout == ""


def test_tracking_uri_is_the_uri_alone(cli: CommandLine) -> None:
    deployed(cli)
    assert cli("tracking-uri", *DEV).stdout == f"{OUTPUTS.tracking_uri}\n"


@pytest.mark.parametrize("command", ["tracking-uri", "outputs", "login", "drift", "smoke"])
def test_what_is_not_deployed_has_nothing_to_say(cli: CommandLine, command: str) -> None:
    answer = cli(command, *DEV)
    assert answer.code == 1
    assert answer.stderr == "error: dev on local is not deployed\ntry:   mlops-infra deploy\n"


def test_outputs_are_all_or_one_and_never_secret(cli: CommandLine) -> None:
    deployed(cli)
    everything = cli("outputs", *DEV).stdout
    assert everything.splitlines()[0] == "tracking_uri=http://127.0.0.1:9"
    assert "recorded-password" not in everything
    assert cli("outputs", "artifact_uri", *DEV).stdout == "s3://recording/artifacts\n"
    assert json.loads(cli("outputs", "--json", *DEV).stdout)["mlflow_version"] == "0.0.0"


def test_an_unknown_output_is_refused_with_those_there_are(cli: CommandLine) -> None:
    deployed(cli)
    answer = cli("outputs", "uri", *DEV)
    assert answer.code == 3
    assert "tracking_uri, artifact_uri, health_url, mlflow_version" in answer.stderr


def test_login_can_be_evaluated_by_a_shell(cli: CommandLine) -> None:
    deployed(cli)
    lines = cli("login", *DEV).stdout.splitlines()
    assert "export MLFLOW_TRACKING_URI=http://127.0.0.1:9" in lines
    assert "export MLFLOW_TRACKING_PASSWORD=recorded-password" in lines
    assert all(line.startswith("export ") for line in lines)


def test_login_for_github_masks_the_password_first(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed(cli)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    answer = cli("login", *DEV, "--format", "github")
    assert "MLFLOW_TRACKING_PASSWORD=recorded-password" in answer.stdout.splitlines()
    assert answer.stderr == "::add-mask::recorded-password\n"


def test_no_command_but_login_prints_the_password(cli: CommandLine) -> None:
    deployed(cli)
    for command in "plan deploy tracking-uri outputs status drift logs teardown".split():
        yes = ["--yes"] if command in {"deploy", "teardown"} else []
        answer = cli(command, *DEV, *yes)
        assert "recorded-password" not in answer.stdout + answer.stderr, command


def test_status_of_what_is_not_deployed_exits_1_alone_and_0_among_all(cli: CommandLine) -> None:
    assert cli("status", *DEV).code == 1
    answer = cli("status", "--all", "--cloud", "local")
    assert answer.code == 0
    assert [line.split()[0] for line in answer.stdout.splitlines()] == [
        "environment",
        "dev",
        "staging",
        "prod",
    ]


def test_status_exits_1_where_a_deployed_server_does_not_answer(cli: CommandLine) -> None:
    deployed(cli)
    answer = cli("status", "--all", "--cloud", "local", "--json")
    assert answer.code == 1
    documents = {each["environment"]: each for each in json.loads(answer.stdout)}
    assert documents["dev"]["health"] == "unhealthy"
    assert "cannot be reached" in documents["dev"]["problem"]
    assert documents["prod"]["health"] == "not deployed"


def test_drift_exits_0_where_nothing_was_changed(cli: CommandLine) -> None:
    deployed(cli)
    answer = cli("drift", *DEV)
    assert answer.code == 0
    assert answer.stdout == "no drift: dev on local is as the last deploy left it\n"
    assert answer.stderr == ""


def test_drift_exits_2_and_names_what_was_changed_and_what_mends_it(cli: CommandLine) -> None:
    deployed(cli)
    cli.engine.drifted = (
        Difference(resource="database", what="deleted"),
        Difference(resource="server", what="state", expected="running", actual="stopped"),
    )
    answer = cli("drift", *DEV)
    assert answer.code == 2
    assert answer.stdout.splitlines() == [
        "drift of dev on local:",
        "  database  deleted",
        "  server    state: running → stopped",
    ]
    assert answer.stderr == "to bring it back:  mlops-infra deploy -e dev --cloud local\n"
    document = json.loads(cli("drift", *DEV, "--json").stdout)
    assert document["has_drift"] is True
    assert document["differences"][1] == {
        "resource": "server",
        "what": "state",
        "expected": "running",
        "actual": "stopped",
    }


def test_logs_are_lines(cli: CommandLine) -> None:
    assert cli("logs", *DEV).stdout == "started\nready\n"


def test_teardown_says_what_it_kept(cli: CommandLine) -> None:
    deployed(cli)
    answer = cli("teardown", *DEV, "--yes")
    assert answer.code == 0
    assert answer.stdout == "kept data: in memory\n"


def test_teardown_without_a_terminal_names_the_flag_that_answers(cli: CommandLine) -> None:
    deployed(cli)
    answer = cli("teardown", *DEV)
    assert answer.code == 3
    assert "--yes" in answer.stderr


def test_teardown_shows_what_is_lost_first(cli: CommandLine) -> None:
    deployed(cli)
    answer = cli("teardown", *DEV, "--delete-data", "--yes")
    assert "2 of 2 would lose what is there" in answer.stderr


def test_teardown_refuses_a_protected_environment(cli: CommandLine) -> None:
    deployed(cli, "prod")
    answer = cli("teardown", "-e", "prod", "--cloud", "local", "--yes")
    assert answer.code == 3
    assert "protected" in answer.stderr


def test_validate_talks_on_stderr_and_leaves_stdout_empty(cli: CommandLine) -> None:
    answer = cli("validate")
    assert answer.code == 0
    assert answer.stdout == ""
    assert answer.stderr.count(": ok") == 3


def test_validate_reports_every_mistake_of_every_file_at_once(cli: CommandLine) -> None:
    for name in ("dev", "staging"):
        file = cli.folder / "environments" / f"{name}.yaml"
        file.write_text(file.read_text().replace("replicas:", "replicaz:"))
    answer = cli("validate")
    assert answer.code == 3
    assert answer.stderr.count("did you mean 'replicas'") == 2


def test_validate_prints_the_schema(cli: CommandLine) -> None:
    assert json.loads(cli("validate", "--schema").stdout)["type"] == "object"


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("deploy",), "no environment named"),
        (("deploy", "-e", "dve"), "did you mean 'dev'"),
        (("deploy", "-e", "dev", "--cloud", "azur"), "did you mean 'azure'"),
        (("deploy", "-e", "dev", "--clod", "aws"), "--clod"),
        (("deploi", "-e", "dev"), "deploi"),
        (("login", "-e", "dev", "--format", "yaml"), "allowed: env, json, github"),
        (("outputs", "a", "b"), "b"),
        (("--nonsense",), "--nonsense"),
    ],
)
def test_wrong_usage_exits_3_and_says_what_is_right(
    cli: CommandLine, argv: tuple[str, ...], says: str
) -> None:
    answer = cli(*argv)
    assert answer.code == 3
    assert answer.stderr.startswith("error: ")
    assert says in answer.stderr
    assert answer.stdout == ""


def test_the_environment_may_come_from_a_variable(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLOPS_INFRA_ENV", "staging")
    monkeypatch.setenv("MLOPS_INFRA_CLOUD", "local")
    cli("plan")
    assert cli.engine.calls[-1] == ("plan", "staging on local")


def test_a_folder_without_environments_is_no_project(cli: CommandLine) -> None:
    (cli.folder / "environments").rename(cli.folder / "elsewhere")
    answer = cli("plan", *DEV)
    assert answer.code == 3
    assert "no folder 'environments'" in answer.stderr


def test_a_bug_is_told_as_one_and_debug_shows_it(cli: CommandLine) -> None:
    cli.engine.failing["plan"] = ZeroDivisionError("oh")  # ty: ignore[invalid-assignment] - no error of ours
    answer = cli("plan", *DEV)
    assert answer.code == 1
    assert "this is a bug in mlops-infra: ZeroDivisionError: oh" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert "Traceback" in cli("--debug", "plan", "-C", str(cli.folder), *DEV).stderr
