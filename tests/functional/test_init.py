"""`mlops-infra init`: what it writes, and what it leaves alone."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mlops_infra import __version__
from mlops_infra.config.loader import load_environment
from mlops_infra.config.models import Cloud
from mlops_infra.project import stacks_dir
from mlops_infra.scaffold.questions import CI
from tests.conftest import ENVIRONMENTS, REPOSITORY
from tests.functional.conftest import SUBSCRIPTION

if TYPE_CHECKING:
    from mlops_infra.config.models import Environment
    from tests.functional.conftest import EmptyFolder

NAMES = ("dev", "staging", "prod")


def written(here: EmptyFolder, cloud: str, *words: str) -> dict[str, Environment]:
    """Write a project of that cloud; return its environments."""
    answer = here("init", "--cloud", cloud, *here.ACCOUNTS[cloud], *words)
    assert answer.code == 0, answer.stderr
    assert sorted(answer.stdout.splitlines()) == here.files
    assert here("validate").code == 0
    return {name: load_environment(here.folder, name, in_ci=True) for name in NAMES}


@pytest.mark.parametrize("cloud", list(Cloud))
def test_every_environment_is_whole_and_has_the_cloud_that_was_named_and_this_machine(
    here: EmptyFolder, cloud: Cloud
) -> None:
    found = written(here, cloud)
    for name, environment in found.items():
        shipped = load_environment(REPOSITORY, name)
        assert environment.project == "platform"  # the folder's name
        assert set(environment.clouds) == {Cloud.LOCAL, cloud}
        assert environment.cloud is cloud
        for key in ("protected", "server", "database", "artifacts", "access", "tags"):
            assert getattr(environment, key) == getattr(shipped, key)
    requirements = (here.folder / "requirements-deploy.txt").read_text()
    assert requirements == f"mlops-infra[{cloud}]=={__version__}\n"


def test_the_comments_of_the_environments_stay(here: EmptyFolder) -> None:
    written(here, "gcp")
    ours = (ENVIRONMENTS / "prod.yaml").read_text().splitlines()
    theirs = (here.folder / "environments" / "prod.yaml").read_text().splitlines()
    text, start = "# 2 per vCPU is the one ratio that every cloud offers", len("  memory_gib: 4")
    assert any(text in line[start:] for line in theirs)
    section = ours[ours.index("gcp:") :]
    assert sum("#" in line for line in theirs) >= sum("#" in line for line in ours) - 12
    assert len(theirs[theirs.index("gcp:") :]) == len(section)


def test_what_each_answer_is_for(here: EmptyFolder) -> None:
    found = written(
        here,
        *("aws", "--project", "null", "--email", "ops@example.com"),  # a text, not YAML's nothing
        *("--domain", "example.com", "--hosted-zone", "Z,1", "--repository", "acme/ml-platform"),
    )
    for name, environment in found.items():
        assert environment.project == "null"
        assert environment.alerts
        assert environment.alerts.email == "ops@example.com"
        assert environment.ci
        assert environment.ci.github == "acme/ml-platform"
        assert environment.aws
        assert (environment.aws.account, environment.aws.region) == ("012345678901", "us-east-2")
        assert environment.aws.hosted_zone
        assert environment.aws.hosted_zone.model_dump() == {"id": "Z,1", "name": "example.com"}
        host = "mlflow" if name == "prod" else f"mlflow-{name}"
        assert environment.access.domain == f"{host}.example.com"


def test_without_an_email_address_nobody_is_told_rather_than_somebody_at_example_com(
    here: EmptyFolder,
) -> None:
    assert {each.alerts for each in written(here, "azure").values()} == {None}


def test_the_state_of_two_projects_or_subscriptions_is_never_in_one_store(
    here: EmptyFolder,
) -> None:
    urls = set()
    for project in ("one", "a-project-of-16c"):
        for account in (SUBSCRIPTION, SUBSCRIPTION.replace("1", "2")):
            folder = here.folder / f"{project}-{account}"
            where = ("--account", account, "--region", "westeurope", "--project", project)
            assert here("init", str(folder), "--cloud", "azure", *where).code == 0
            azure = load_environment(folder, "dev").azure
            assert azure
            account_name = azure.state.url.partition("storage_account=")[2]
            assert account_name.isalnum()
            assert len(account_name) <= 24
            assert f"//{account_name}.vault.azure.net/" in azure.state.secrets_provider
            urls.add(azure.state.url)
    assert len(urls) == 2 * 2


@pytest.mark.parametrize(
    ("cloud", "ci", "pattern"),
    [
        ("aws", "github", ".github/**/*"),
        ("azure", "azure-devops", "pipelines/azure-devops*"),
        ("gcp", "cloud-build", "pipelines/cloudbuild.yaml"),
    ],
)
def test_the_pipelines_are_the_repositorys_own_less_that_of_its_tests(
    here: EmptyFolder, cloud: str, ci: str, pattern: str
) -> None:
    written(here, cloud, "--ci", ci)
    ours = {each for each in REPOSITORY.glob(pattern) if each.is_file()}
    ours -= {REPOSITORY / ".github" / "workflows" / "ci.yml"}
    names = {str(each.relative_to(REPOSITORY)) for each in ours}
    pipelines = (".github/", "pipelines/")
    assert {each for each in here.files if each.startswith(pipelines)} == names
    assert CI[ci] in names
    for name in names:
        assert (here.folder / name).read_bytes() == (REPOSITORY / name).read_bytes()


def test_without_a_ci_there_is_no_pipeline_and_it_stays_so(here: EmptyFolder) -> None:
    written(here, "gcp", "--ci", "none")
    assert here("init").stdout == ""
    assert not (here.folder / ".github").exists()
    assert not (here.folder / "pipelines").exists()
    assert here("init", "--ci", "cloud-build").stdout == "pipelines/cloudbuild.yaml\n"
    assert here("init").stdout == ""


def test_what_is_there_is_never_written_over_and_what_differs_is_told(here: EmptyFolder) -> None:
    mine = {
        ".gitignore": "*.pyc\n__pycache__/\n",
        "README.md": "# mine\n",
        "requirements-deploy.txt": "mlops-infra[gcp]==0.0.1\n",
        "environments/prod.yaml": "# a draft\n",
    }
    for name, text in mine.items():
        file = here.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    answer = here("init", "--cloud", "gcp", *here.ACCOUNTS["gcp"])
    assert answer.code == 0
    for name, text in mine.items():
        assert (here.folder / name).read_text() == text
        assert name not in answer.stdout.splitlines()
        assert f"{name}: kept" in answer.stderr
    assert f"-mlops-infra[gcp]==0.0.1\n+mlops-infra[gcp]=={__version__}\n" in answer.stderr
    lines = answer.stderr.splitlines()
    assert "+/.mlops-infra/" in lines
    assert not {"-*.pyc", "-# mine", "-# a draft", "+__pycache__/"} & set(lines)


def test_run_again_it_asks_nothing_and_writes_only_what_is_not_there(here: EmptyFolder) -> None:
    where = ("--domain", "example.com", "--hosted-zone", "Z1", "--repository", "acme/platform")
    before = written(here, "aws", *where, "--email", "ops@example.com")
    answer = here("init")
    assert (answer.code, answer.stdout) == (0, "")
    assert "differs" not in answer.stderr
    (here.folder / "environments" / "staging.yaml").unlink()  # which is not wanted
    (here.folder / ".github" / "workflows" / "drift.yml").unlink()
    assert here("init").stdout.splitlines() == [".github/workflows/drift.yml"]
    assert load_environment(here.folder, "prod") == before["prod"]


@pytest.mark.parametrize(
    "changed", [("--region", "eu-west-1"), ("--domain", "example.com"), ("--project", "other")]
)
def test_a_flag_that_would_change_what_is_there_is_refused(
    here: EmptyFolder, changed: tuple[str, str]
) -> None:
    written(here, "aws")
    files = here.files
    answer = here("init", *changed)
    assert (answer.code, answer.stdout) == (3, "")
    assert f"{changed[0]}: this project's environments are there already" in answer.stderr
    assert "environments/*.yaml" in answer.stderr
    assert here.files == files


@pytest.mark.parametrize("cloud", ["azure", "gcp"])
def test_a_domain_that_needs_records_of_a_first_deploy_is_left_for_the_second(
    here: EmptyFolder, cloud: str
) -> None:
    found = written(here, cloud, "--domain", "example.com")
    assert {each.access.domain for each in found.values()} == {None}
    text = (here.folder / "environments" / "dev.yaml").read_text()
    assert "\n  # domain: mlflow-dev.example.com  # " in text


@pytest.mark.parametrize("name", ["my_platform", "mlflow-platform-infra"])
def test_a_folder_that_is_no_name_of_a_project_is_not_made_into_one(
    here: EmptyFolder, name: str
) -> None:
    answer = here("init", name, "--cloud", "gcp", *here.ACCOUNTS["gcp"])
    assert (answer.code, answer.stdout) == (3, "")
    assert "add --project" in answer.stderr


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_with_stacks_the_project_deploys_with_code_of_its_own(
    here: EmptyFolder, cloud: str
) -> None:
    written(here, cloud, "--project", "acme", "--with-stacks")
    assert stacks_dir(here.folder) == here.folder / "stacks"
    folders = {each.name for each in (here.folder / "stacks").iterdir() if each.is_dir()}
    assert folders == {"image", "local", cloud}
    for name in (each for each in here.files if each.startswith("stacks/")):
        mine, ours = (here.folder / name).read_text(), (REPOSITORY / name).read_text()
        assert mine == (ours.replace("mlops", "acme", 1) if name.endswith("Pulumi.yaml") else ours)
    by_hand = here.folder / ("cdk.json" if cloud == "aws" else f"stacks/{cloud}/Pulumi.yaml")
    assert ("stacks.aws" if cloud == "aws" else "name: acme\n") in by_hand.read_text()

    edited = here.folder / "stacks" / cloud / "platform.py"
    edited.write_text(f"# mine\n{edited.read_text()}")
    answer = here("init")
    assert answer.stdout == ""
    assert f"stacks/{cloud}/platform.py: kept, and differs:" in answer.stderr
    assert "-# mine" in answer.stderr


def test_a_folder_that_is_a_file_or_in_another_project_is_refused(here: EmptyFolder) -> None:
    (here.folder / "file").touch()
    answer = here("init", "file", "--cloud", "local")
    assert (answer.code, answer.stdout) == (3, "")
    assert "file is a file" in answer.stderr
    (here.folder / "file").unlink()
    written(here, "local")
    answer = here("init", "more/below", "--cloud", "local")
    assert (answer.code, answer.stdout) == (3, "")
    assert f"is inside the project {here.folder}" in answer.stderr
    assert not (here.folder / "more").exists()


def test_what_cannot_be_written_is_told(here: EmptyFolder) -> None:
    (here.folder / "environments").touch()
    answer = here("init", "--cloud", "local")
    assert answer.code == 4
    assert "cannot write environments/dev.yaml: File exists" in answer.stderr


def test_workflows_below_the_root_of_a_repository_are_warned_of(here: EmptyFolder) -> None:
    (here.folder / ".git").mkdir()
    answer = here("init", "infra", "--cloud", "aws", *here.ACCOUNTS["aws"])
    assert answer.code == 0
    assert f"at a repository's root alone, which is {here.folder}:" in answer.stderr


def test_on_aws_the_pinned_command_line_of_the_cdk_is_installed(here: EmptyFolder) -> None:
    here.program("npm", f"echo $* > {here.folder.parent}/called")
    written(here, "aws")
    pins = json.loads((here.folder / "package.json").read_text())["devDependencies"]
    ours = json.loads((REPOSITORY / "package.json").read_text())["devDependencies"]
    assert pins == {"aws-cdk": ours["aws-cdk"]}
    assert (here.folder.parent / "called").read_text().endswith("--prefix .\n")


def test_where_npm_fails_the_project_is_there_and_what_is_left_to_do_is_told(
    here: EmptyFolder,
) -> None:
    here.program("npm", "echo the registry is down", "exit 1")
    answer = here("init", "--cloud", "aws", *here.ACCOUNTS["aws"])
    assert answer.code == 0
    assert "npm install" in answer.stderr
    assert "the registry is down" in answer.stderr
    assert here("validate").code == 0


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "mlops_infra", "init", *words]


def test_a_full_disk_leaves_no_half_file_and_the_next_run_goes_on(here: EmptyFolder) -> None:
    limited = ["/bin/sh", "-c", 'ulimit -f 8; exec "$@"', "sh", *command("--cloud", "local")]
    done = subprocess.run(limited, cwd=here.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 4, done.stderr
    assert "cannot write environments/environment.schema.json: File too large" in done.stderr
    assert "it goes on from here" in done.stderr
    first = done.stdout.splitlines()
    assert sorted(first) == here.files
    answer = here("init")
    assert sorted([*first, *answer.stdout.splitlines()]) == here.files
    assert here("validate").code == 0
