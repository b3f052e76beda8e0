"""What the tests of the stack on Google Cloud share: each variant of it, registered once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_infra.config.models import Environment
from stacks.gcp.platform import program
from tests.stacks import variants
from tests.stacks.registered import Program, register

if TYPE_CHECKING:
    from tests.stacks.registered import Inputs

NUMBER = "123456789012"
"""The number of the project."""

INVOKE = {"gcp:organizations/getProject:getProject": lambda _: {"number": NUMBER}}
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nthe instance's own\n-----END CERTIFICATE-----"
EVERYBODY = {"allowed_cidrs": ["0.0.0.0/0"]}
NETWORKS = [f"203.0.113.{each}/32" for each in range(11)]
"""One more than a rule of a security policy takes."""

ONLY_GCP = {"cloud": "gcp", "aws": None, "azure": None}  # each has rules of its own
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "dev": ("dev", {}),
    "staging": ("staging", {}),
    "prod": ("prod", {}),
    "prod with a domain": (
        "prod",
        {"access": {"domain": "mlflow.example.com", "allowed_cidrs": NETWORKS}},
    ),
    "staging with a domain for all": ("staging", {"access": {"domain": "mlflow.example.com"}}),
    "private dev without auth": (
        "dev",
        {
            "server": {"auth": "none"},
            "access": {"exposure": "private"},
            "artifacts": {"access": "direct"},
            "alerts": None,
        },
    ),
    "private prod with a domain": (
        "prod",
        {
            "access": {
                "exposure": "private",
                "domain": "mlflow.example.com",
                "allowed_cidrs": NETWORKS,
            }
        },
    ),
    "prod from a backup": ("prod", {"database": {"restore_from": "mlops-prod/1700000000000"}}),
}


class Made(NamedTuple):
    """A variant's environment, and what the program registers for it."""

    environment: Environment
    program: Program


def environment_of(variant: str, **changes: Any) -> Environment:  # noqa: ANN401 - YAML
    """Return the environment of a variant, with `changes` on top; None takes a key away."""
    like, own = VARIANTS[variant]
    return variants.environment(like, ONLY_GCP, own, changes)


def made(environment: Environment, *, is_preview: bool = False) -> Made:
    """Run the program of an environment; the same one is run once, so leave it as it is."""
    return Made(environment, _register(environment.model_dump_json(), is_preview=is_preview))


@cache
def _register(environment_json: str, *, is_preview: bool) -> Program:
    environment = Environment.model_validate_json(environment_json)
    gcp = environment.gcp
    assert gcp is not None
    return register(
        lambda: program(environment),
        project=environment.project,
        stack=environment.name,
        compute=lambda token, name, inputs: computed(token, name, inputs, gcp.project),
        invoke=INVOKE,
        is_preview=is_preview,
    )


def computed(token: str, name: str, inputs: Inputs, project: str) -> Inputs:
    """Return what Google adds to what it is told, as far as the stack reads it."""
    match token.rsplit(":", 1)[-1]:
        case "RandomPassword":
            return {"result": f"the value of {name}"}
        case "DatabaseInstance":
            return {
                "id": inputs["name"],
                "privateIpAddress": "10.119.0.3",
                "serverCaCerts": [{"cert": CERTIFICATE}],
            }
        case "Account":
            email = f"{inputs['accountId']}@{project}.iam.gserviceaccount.com"
            return {"id": f"projects/{project}/serviceAccounts/{email}", "email": email} | {
                "member": f"serviceAccount:{email}"
            }
        case "Secret":
            return {"id": f"projects/{project}/secrets/{inputs['secretId']}"}
        case "SecretVersion":
            return {"id": f"{inputs['secret']}/versions/1", "version": "1"}
        case "ProjectBucketConfig":
            place = f"projects/{project}/locations/{inputs['location']}"
            return {"id": f"{place}/buckets/{inputs['bucketId']}"}
        case "GlobalAddress":
            return {"id": f"addresses/{inputs['name']}", "address": "198.51.100.20"}
        case "Address":
            return {"id": f"Address/{inputs['name']}", "address": "10.0.0.5"}
        case "DnsAuthorization":
            record = {
                "name": "_acme-challenge_x.mlflow.example.com.",
                "type": "CNAME",
                "data": "y.",
            }
            return {"id": f"DnsAuthorization/{inputs['name']}", "dnsResourceRecords": [record]}
        case kind:
            return {"id": f"{kind}/{inputs.get('name', name)}"}
