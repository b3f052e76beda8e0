"""`mlops-infra init`: what it asks, and how flags answer."""

from __future__ import annotations

import pytest

from mlops_infra.config.loader import load_environment
from mlops_infra.scaffold.folder import github_origin
from tests.functional.conftest import EmptyFolder
from tests.terminal import Terminal

AWS, GCP = (EmptyFolder.ACCOUNTS[each] for each in ("aws", "gcp"))


def test_without_a_terminal_the_missing_answers_are_named_and_nothing_is_written(
    here: EmptyFolder,
) -> None:
    answer = here("init")
    assert answer.code == 3
    assert "add --cloud" in answer.stderr
    answer = here("init", "--cloud", "gcp")
    assert answer.code == 3
    assert "add --account … --region …" in answer.stderr
    assert here.files == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--cloud", "ibm"), "--cloud: 'ibm' is not allowed; allowed: local, aws, azure or gcp"),
        (("--cloud", "aws", "--account", "1234"), "--account: '1234' is not allowed; allowed: 12"),
        (("--cloud", "local", "--project", "My Project"), "--project: 'My Project'"),
        (("--cloud", "aws", *AWS, "--ci", "azure-devops"), "allowed: github or none"),
        (("--cloud", "local", "--account", "012345678901"), "--account means nothing here"),
        (("--cloud", "aws", *AWS, "--hosted-zone", "Z1"), "--hosted-zone means nothing"),
        (("--cloud", "aws", *AWS, "--domain", "example.com"), "add --hosted-zone"),
        (("--cloud", "gcp", *GCP, "--ci", "none", "--repository", "a/b"), "--repository"),
    ],
)
def test_an_answer_that_will_not_do_is_told_with_what_would(
    here: EmptyFolder, words: tuple[str, ...], says: str
) -> None:
    answer = here("init", *words)
    assert answer.code == 3
    assert says in answer.stderr
    assert here.files == []


def test_on_a_terminal_it_asks_and_asks_again_until_an_answer_will_do(here: EmptyFolder) -> None:
    terminal = Terminal(here.folder, "init")
    for question, line in (
        ("cloud: local, aws, azure or gcp: ", "asw"),
        ("'asw' is not allowed; allowed: local, aws, azure or gcp\r\ncloud", "aws"),
        ("project, the first part of every name in the cloud [platform]: ", ""),
        ("AWS account: ", "1234"),
        ("'1234' is not allowed; allowed: 12 digits\r\nAWS account: ", ""),
        ("'' is not allowed; allowed: 12 digits\r\nAWS account: ", "012345678901"),
        ("AWS region [eu-west-1]: ", "us-east-2"),
        ("domain of yours, for mlflow.DOMAIN [none]: ", "example.com"),
        ("id of the Route 53 zone example.com: ", "Z1"),
        ("email address that alarms go to [none]: ", "none"),
        ("CI that deploys: github or none [github]: ", ""),
        ("GitHub repository that bootstrap lets in", "acme/platform"),
    ):
        terminal.wait_for(question)
        terminal.type(f"{line}\n")
    assert sorted(terminal.end()) == here.files
    assert terminal.running.returncode == 0
    assert "mlops-infra bootstrap -e dev && mlops-infra deploy -e dev" in terminal.said
    found = load_environment(here.folder, "dev")
    assert (found.project, found.alerts) == ("platform", None)
    assert found.access.domain == "mlflow-dev.example.com"
    assert found.aws
    assert (found.aws.account, found.aws.region) == ("012345678901", "us-east-2")
    assert found.ci
    assert found.ci.github == "acme/platform"


@pytest.mark.parametrize("how", ["Ctrl-C", "Ctrl-D"])
def test_who_stops_answering_has_nothing_written(here: EmptyFolder, how: str) -> None:
    terminal = Terminal(here.folder, "init")
    terminal.wait_for("cloud: ")
    terminal.type("gcp\n")
    terminal.wait_for("project, ")
    if how == "Ctrl-C":
        terminal.interrupt()
    else:
        terminal.type("\x04")
    assert terminal.end() == []
    assert terminal.running.returncode == 130
    assert here.files == []


def test_the_repository_of_a_clone_from_github_is_offered(here: EmptyFolder) -> None:
    for url in ("git@github.com:acme/plat.form.git", "https://github.com/acme/plat.form"):
        here.program("git", f"echo {url}")
        assert github_origin(here.folder) == "acme/plat.form"
    for url in ("https://gitlab.com/acme/platform.git", "https://evilgithub.com/acme/platform"):
        here.program("git", f"echo {url}")
        assert github_origin(here.folder) == ""
    here.program("git", "exit 1")
    assert github_origin(here.folder) == ""
