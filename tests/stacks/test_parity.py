"""The stacks of three clouds are one design: where one differs, the reason is written here."""

from __future__ import annotations

import ast
from dataclasses import fields
from typing import Any

import pytest

from mlops_infra.errors import UsageError
from mlops_infra.model import Outputs
from tests.conftest import REPOSITORY
from tests.stacks import scorecard
from tests.stacks.aws import conftest as aws
from tests.stacks.aws.controls import CONTROLS as AWS_CONTROLS
from tests.stacks.azure import conftest as azure
from tests.stacks.azure.controls import CONTROLS as AZURE_CONTROLS
from tests.stacks.gcp import conftest as gcp
from tests.stacks.gcp.controls import CONTROLS as GCP_CONTROLS
from tests.stacks.gcp.declared import Declared

STACKS = REPOSITORY / "stacks"
CONTROLS = {"aws": AWS_CONTROLS, "azure": AZURE_CONTROLS, "gcp": GCP_CONTROLS}
VARIANTS = {"aws": aws.VARIANTS, "azure": azure.VARIANTS, "gcp": gcp.VARIANTS}

SHARED = {
    "__main__": set(),
    "access": {"Access"},
    "alarms": {"Alarms"},
    "artifacts": {"Artifacts"},
    "database": {"Database"},
    "deployer": {"Deployer"},
    "image": set(),
    "logs": {"Logs"},
    "network": {"Network"},
    "platform": set(),
    "tracking": {"Tracking"},
}
"""Every cloud's files, and the classes in each."""

OWN = {
    "aws": {
        ("encryption", "Encryption"): "alarms and logs need a key of ours to be encrypted with",
        ("findings", ""): "scanners for templates exist on AWS alone",
        ("platform", "Platform"): "the CDK's stack is a class, Pulumi's a function",
    },
    "azure": {
        (
            "bootstrap",
            "Bootstrap",
        ): "where Pulumi keeps its state; the CDK has a bootstrap of its own",
        ("database", "Machine"): "sizes are a name, a tier and connections that Azure keeps",
        ("groups", "Groups"): "everything is in a resource group, and goes with it",
        ("identities", "Identities"): "a role can be given to an identity and to nothing else",
        ("image", "Image"): "a registry is a resource; the CDK's bootstrap brings one",
        ("limits", ""): "what Azure refuses late is refused before anything is declared",
        ("limits", "Origin"): "a restore names a server and a moment",
        ("names", ""): "Pulumi leaves names to the program; CloudFormation makes them",
        ("names", "Names"): "see above",
        ("vault", ""): "secrets need a vault; on AWS they stand for themselves",
        ("vault", "Password"): "a secret's value and where it is held",
        ("vault", "Vault"): "see above",
    },
    "gcp": {
        ("bootstrap", ""): "where Pulumi keeps its state; the CDK has a bootstrap of its own",
        ("balancer", "Balancer"): "Cloud Run has a front door; a domain needs another",
        ("containers", ""): "an instance has two: Cloud Run ends HTTP/1 requests at 32 MiB",
        ("identity", "Identity"): "a service account is a resource; on AWS the task's role is one",
        ("image", "Images"): "two images, because of the two containers",
        ("names", ""): "Pulumi leaves names to the program; CloudFormation makes them",
        ("names", "Names"): "see above",
        ("private_balancer", "PrivateBalancer"): "one in a network is of other types throughout",
        ("secrets", "Held"): "a secret's value and where it is held",
        ("secrets", "Secrets"): "each needs a grant of its own for the service account",
        ("services", "Services"): "an API is off until somebody switches it on",
    },
}
"""What a cloud has besides, and why; a file without a class has an empty one."""

EXPORTS = {
    "azure": {
        "admin_secret",
        "data_resource_group",
        "database_name",
        "database_server",
        "log_workspace",
        "resource_group",
        "server_name",
    },
    "gcp": {"admin_secret", "database_instance", "log_bucket", "service_name"},
}
"""Where the cloud keeps the platform's parts: for its own tools, so by its own words."""


def parts(cloud: str) -> dict[str, set[str]]:
    """Return the public classes of each of a stack's files."""
    return {
        file.stem: {
            each.name
            for each in ast.parse(file.read_text()).body
            if isinstance(each, ast.ClassDef) and not each.name.startswith("_")
        }
        for file in (STACKS / cloud).glob("*.py")
        if file.stem != "__init__"
    }


@pytest.mark.parametrize("cloud", OWN)
def test_every_stack_has_the_same_parts_and_what_it_has_besides_has_a_reason(cloud: str) -> None:
    expected = {name: set(classes) for name, classes in SHARED.items()}
    for name, own in OWN[cloud]:
        expected.setdefault(name, set()).update({own} - {""})
    assert parts(cloud) == expected
    assert all(OWN[cloud].values())


@pytest.mark.parametrize("cloud", CONTROLS)
def test_every_stack_is_held_to_the_same_controls_in_the_same_environments(cloud: str) -> None:
    assert tuple(CONTROLS[cloud]) == scorecard.NUMBERS
    for name in ("dev", "staging", "prod"):
        assert VARIANTS[cloud][name] == (name, {}), "as it is shipped"


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_every_pulumi_stack_exports_what_the_engine_reads(name: str) -> None:
    exports: dict[str, dict[str, Any]] = {
        "azure": azure.declared(azure.environment_of(name)).stack.exports,
        "gcp": gcp.made(gcp.environment_of(name)).program.exports,
    }
    wanted = {each.name for each in fields(Outputs)}
    assert {cloud: found.keys() - wanted for cloud, found in exports.items()} == EXPORTS
    assert all(wanted <= found.keys() for found in exports.values())


def test_the_private_domain_that_aws_is_held_to_is_served_on_gcp_and_refused_on_azure() -> None:
    environment = aws.environment_of("private staging")
    assert environment.access.exposure == "private"
    found = gcp.made(environment)
    assert found.program.exports["tracking_uri"] == f"https://{environment.access.domain}"
    for number, control in GCP_CONTROLS.items():
        assert list(control(Declared(found.program), environment)) == [], number
    # Azure's own certificates are for what the internet reaches:
    # https://learn.microsoft.com/azure/container-apps/custom-domains-managed-certificates
    with pytest.raises(UsageError, match="cannot be served privately on azure"):
        azure.declared(environment)
