"""What the tests of the AWS stack share: each variant of it, synthesised once."""

from __future__ import annotations

import json
import os
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.stacks import variants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlops_infra.config.models import Environment

os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "1")

OWN_DOMAIN = {"hosted_zone": {"id": "Z0123456789ABCDEFGHIJ", "name": "example.com"}}
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "dev": ("dev", {}),
    "staging": ("staging", {}),
    "prod": ("prod", {}),
    "prod with a domain": (
        "prod",
        {
            "access": {
                "domain": "mlflow.example.com",
                "allowed_cidrs": ["203.0.113.0/24", "198.51.100.7/32"],
            },
            "aws": OWN_DOMAIN,
        },
    ),
    "private staging": (
        "staging",
        {
            "access": {
                "exposure": "private",
                "domain": "mlflow.example.com",
                "allowed_cidrs": ["10.0.0.0/8"],
            },
            "aws": OWN_DOMAIN,
        },
    ),
    "private dev without auth": (
        "dev",
        {
            "server": {"auth": "none"},
            "access": {
                "exposure": "private",
                "domain": "mlflow.example.com",
                "allowed_cidrs": ["10.0.0.0/8"],
            },
            "artifacts": {"access": "direct"},
            "alerts": None,
            "aws": OWN_DOMAIN,
        },
    ),
    "prod from a snapshot": ("prod", {"database": {"restore_from": "mlops-prod-final"}}),
}


class Synthesised(NamedTuple):
    """A variant's environment, its template, and what cdk-nag said while it was made."""

    environment: Environment
    template: dict[str, Any]
    report: dict[str, Any]
    is_protected: bool


def environment_of(variant: str, **changes: Any) -> Environment:  # noqa: ANN401 - YAML
    """Return the environment of a variant, with `changes` on top; None takes a key away."""
    like, own = VARIANTS[variant]
    return variants.environment(like, own, changes)


@cache
def _synthesise(
    environment_json: str, folder: Path, *, of_deployer: bool, with_nag: bool
) -> Synthesised:
    import aws_cdk as cdk  # seconds: only for who needs it

    from mlops_infra.config.models import Environment
    from stacks.aws.__main__ import FEATURES
    from stacks.aws.deployer import Deployer
    from stacks.aws.platform import Platform

    environment = Environment.model_validate_json(environment_json)
    assembly = Path(mkdtemp(dir=folder))
    # cfn-lint, checkov and cdk-nag validate here.
    app = cdk.App(context=FEATURES, outdir=str(assembly), builtin_cloud_formation_validation=False)
    stack = (
        Deployer(app, environment.deployer_name, environment=environment, makes_provider=True)
        if of_deployer
        else Platform(app, environment.full_name, environment=environment)
    )
    if with_nag:
        from cdk_nag import AwsSolutionsChecks

        cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    try:
        app.synth()
    except RuntimeError as error:  # what jsii makes of a failed validation; the report says more
        if "Validation failed" not in str(error):
            raise
    template = json.loads((assembly / stack.template_file).read_text())
    report = assembly / "validation-report.json"
    return Synthesised(
        environment=environment,
        template=template,
        report=json.loads(report.read_text()) if report.exists() else {},
        is_protected=bool(stack.termination_protection),
    )


@pytest.fixture(scope="session")
def synthesise(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Synthesised]]:
    """Synthesise an environment, or whom CI deploys it as; the same is synthesised once."""
    folder = tmp_path_factory.mktemp("assemblies")

    def run(
        environment: Environment, *, of_deployer: bool = False, with_nag: bool = False
    ) -> Synthesised:
        return _synthesise(
            environment.model_dump_json(), folder, of_deployer=of_deployer, with_nag=with_nag
        )

    yield run
    shutil.rmtree(folder)
