"""How much a command imports: what makes `--help` quick, counted instead of timed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import ENVIRONMENTS, Project

HEAVY = {"pydantic", "rich", "httpx", "yaml", "mlflow", "psutil", "aws_cdk", "boto3", "pulumi"}
SCRIPT = """
import sys
from mlops_infra.cli.app import run
code = run(sys.argv[1:])
sys.stdout.flush()
print(*sorted(sys.modules), sep="\\n", file=sys.stderr)
"""


def imported(*argv: str, **more: str) -> set[str]:
    """Return every module that one command line leaves imported."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *argv],
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.split())


def test_help_imports_no_library_but_typer() -> None:
    modules = imported("--help")
    assert not HEAVY & {name.partition(".")[0] for name in modules}


def test_help_stays_within_its_budget_of_modules() -> None:
    """Python alone has about 30 and typer brings about 160; each costs about 0.3 ms."""
    assert len(imported("--help")) <= 260


@pytest.mark.parametrize("command", ["tracking-uri", "outputs"])
def test_what_only_reads_a_file_imports_no_cloud_and_no_server(command: str) -> None:
    modules = imported(command, "-e", "dev", "--cloud", "local", "-C", str(ENVIRONMENTS.parent))
    packages = {name.partition(".")[0] for name in modules}
    assert packages & {"mlflow", "sqlalchemy", "aws_cdk", "boto3", "pulumi", "httpx"} == set()


@pytest.mark.parametrize("command", ["tracking-uri", "outputs", "login", "status", "logs"])
def test_what_only_asks_aws_imports_boto3_and_nothing_that_synthesises(command: str) -> None:
    nobody = {
        "AWS_ACCESS_KEY_ID": "",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    where = ("-e", "dev", "--cloud", "aws", "-C", str(ENVIRONMENTS.parent))
    packages = {name.partition(".")[0] for name in imported(command, *where, **nobody)}
    assert "boto3" in packages
    assert packages & {"aws_cdk", "jsii", "constructs", "stacks", "mlflow", "pulumi"} == set()


@pytest.mark.slow  # Pulumi's own program reads the state, which may have to be built first
@pytest.mark.parametrize("cloud", ["azure", "gcp"])
@pytest.mark.parametrize("command", ["tracking-uri", "outputs", "login", "status"])
def test_what_only_reads_a_pulumi_state_imports_no_cloud_and_no_pulumi(
    command: str, cloud: str, project: Project
) -> None:
    state = {"url": "file://state", "secrets_provider": "passphrase"}
    project.write("dev", {cloud: {"state": state}})
    where = ("-e", "dev", "--cloud", cloud, "-C", str(project.folder))
    # In CI a state in a folder is refused.
    modules = imported(command, *where, PULUMI_CONFIG_PASSPHRASE="correct", CI="")
    assert "mlops_infra.engines.pulumi.workspace" in modules
    # With a dot, for what the command says of `azure` is among them.
    clouds = ("pulumi_gcp.", "pulumi_azure_native.", "google.", "azure.", "boto3.", "aws_cdk.")
    others = ("pulumi.", "grpc.", "stacks.", "mlflow.")
    assert [name for name in modules if name.startswith((*clouds, *others))] == []
