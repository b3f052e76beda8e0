"""What the stack does besides the controls: restores, images, the function at the edge."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import REPOSITORY
from tests.stacks.aws.conftest import environment_of
from tests.stacks.aws.controls import violations
from tests.stacks.aws.template import Template

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlops_infra.config.models import Environment
    from tests.stacks.aws.conftest import Synthesised

pytestmark = pytest.mark.slow  # a synth needs Node

SNAPSHOT = "mlops-staging-databaseinstance-1a2b3c"
VIEWER_TLS = REPOSITORY / "stacks" / "aws" / "viewer_tls.js"
DIGEST = f"sha256:{'5' * 64}"
FROM_OUR_ECR = f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/mlflow:3.17@{DIGEST}"


@pytest.fixture
def template(synthesise: Callable[..., Synthesised]) -> Callable[[Environment], Template]:
    return lambda environment: Template(synthesise(environment).template)


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_a_silent_server_is_waited_for_equally_long_on_the_whole_way(
    template: Callable[[Environment], Template], name: str
) -> None:
    found = template(environment_of(name))
    attributes = found.one("ElasticLoadBalancingV2::LoadBalancer")["LoadBalancerAttributes"]
    idle = {each["Key"]: each["Value"] for each in attributes}["idle_timeout.timeout_seconds"]
    (origin,) = found.one("CloudFront::Distribution")["DistributionConfig"]["Origins"]
    assert int(idle) == origin["VpcOriginConfig"]["OriginReadTimeout"] == 120
    kept = re.search(r"--timeout-keep-alive (\d+)", found.variables["MLFLOW_UVICORN_OPTS"])
    assert kept is not None
    assert int(kept[1]) > int(idle), "or the server closes a connection that is still used"


def test_a_restore_makes_a_new_database_of_the_snapshot(
    template: Callable[[Environment], Template],
) -> None:
    fresh = template(environment_of("staging")).one("RDS::DBInstance")
    restored = template(environment_of("staging", database={"restore_from": SNAPSHOT})).one(
        "RDS::DBInstance"
    )
    assert restored["DBSnapshotIdentifier"] == SNAPSHOT
    assert restored.name == fresh.name, "the same resource, so CloudFormation replaces it"
    assert restored["DBInstanceIdentifier"] != fresh["DBInstanceIdentifier"], "or it could not"
    only_fresh = {"DBName", "MasterUsername", "StorageEncrypted"}
    assert set(fresh.properties) - set(restored.properties) == only_fresh
    differing = {key for key, value in restored.properties.items() if fresh.get(key) != value}
    assert differing == {"DBInstanceIdentifier", "DBSnapshotIdentifier"}


def test_a_restored_database_gets_a_generated_password_for_its_old_user(
    template: Callable[[Environment], Template],
) -> None:
    found = template(environment_of("staging", database={"restore_from": SNAPSHOT}))
    instance = found.one("RDS::DBInstance")
    secret = found.at(instance["MasterUserPassword"].split(":")[2])
    assert secret is not None
    assert json.loads(secret["GenerateSecretString"]["SecretStringTemplate"]) == {
        "username": found.variables["PGUSER"]
    }


def test_two_snapshots_are_two_databases(template: Callable[[Environment], Template]) -> None:
    names = {
        template(environment_of("staging", database={"restore_from": each}))
        .one("RDS::DBInstance")
        .get("DBInstanceIdentifier")
        for each in ("first", "second")
    }
    assert len(names) == 2


def test_a_prebuilt_image_of_our_registry_can_be_pulled(
    template: Callable[[Environment], Template],
) -> None:
    found = template(environment_of("dev", image=FROM_OUR_ECR))
    assert found.container["Image"].endswith(f"/team/mlflow@{DIGEST}")
    role = found.at(found.one("ECS::TaskDefinition")["ExecutionRoleArn"])
    assert role is not None
    pulls = [each for each in found.statements(role) if "ecr:BatchGetImage" in each["Action"]]
    (pull,) = pulls
    assert pull["Resource"] == "arn:aws:ecr:eu-west-1:123456789012:repository/team/mlflow"


def test_a_prebuilt_image_pinned_by_its_tag_only_is_a_violation(
    synthesise: Callable[..., Synthesised],
) -> None:
    for image, found in (("ghcr.io/team/mlflow:3.17", 1), (f"ghcr.io/team/mlflow@{DIGEST}", 0)):
        made = synthesise(environment_of("dev", image=image))
        assert len(violations(15, made.template, made.environment)) == found


@pytest.mark.parametrize(("variant", "protected"), [("dev", False), ("prod", True)])
def test_a_protected_stack_refuses_to_be_deleted(
    variant: str,
    protected: bool,  # noqa: FBT001 - a case
    synthesise: Callable[..., Synthesised],
) -> None:
    assert synthesise(environment_of(variant)).is_protected is protected


def test_what_protected_adds_to_a_network_moves_no_subnet(
    template: Callable[[Environment], Template],
) -> None:
    before, after = (
        {each.name: each["CidrBlock"] for each in found.all("EC2::Subnet")}
        for found in (
            template(environment_of("prod", protected=False)),
            template(environment_of("prod")),
        )
    )
    assert len(after) == len(before) + 2
    assert before.items() <= after.items(), "a subnet whose addresses change is replaced"


DOORS = ("prod", "prod with a domain", "private staging")
OF_A_DOOR = {"LoadBalancer", "Listener", "TargetGroup"}


def test_another_front_door_shares_no_balancer_listener_or_target_group(
    template: Callable[[Environment], Template],
) -> None:
    names = [
        {
            each.name
            for kind in OF_A_DOOR
            for each in template(environment_of(door)).all(f"ElasticLoadBalancingV2::{kind}")
        }
        for door in DOORS
    ]
    assert [len(each) for each in names] == [3, 4, 4]  # a domain has a listener that redirects
    assert len(set().union(*names)) == 11


def test_without_auth_there_is_no_administrator(
    template: Callable[[Environment], Template],
) -> None:
    found = template(environment_of("private dev without auth"))
    assert "AdminSecret" not in found.outputs
    assert {each["Name"] for each in found.container["Secrets"]} == {
        "PGPASSWORD",
        "MLFLOW_CRYPTO_KEK_PASSPHRASE",
    }


@pytest.mark.parametrize(
    ("version", "is_served"),
    [
        ("SSLv3:RC4-SHA:full", False),
        ("TLSv1:ECDHE-RSA-AES128-SHA:full", False),
        ("TLSv1.1:ECDHE-RSA-AES128-SHA:full", False),
        ("TLSv1.2:ECDHE-RSA-AES128-GCM-SHA256:connectionReused", True),
        ("TLSv1.3:TLS_AES_128_GCM_SHA256:full", True),
    ],
)
def test_the_edge_refuses_old_tls(version: str, is_served: bool) -> None:  # noqa: FBT001 - a case
    request = {"uri": "/health", "headers": {"cloudfront-viewer-tls": {"value": version}}}
    answer = _at_the_edge({"request": request})
    assert answer == request if is_served else answer["statusCode"] == 403


def _at_the_edge(event: dict[str, Any]) -> dict[str, Any]:
    script = f"{VIEWER_TLS.read_text()}\nconsole.log(JSON.stringify(handler({json.dumps(event)})))"
    done = subprocess.run(
        ["node", "--eval", script], capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(done.stdout)


def test_the_documented_resources_are_those_of_the_template(
    synthesise: Callable[..., Synthesised],
) -> None:
    counts = {
        variant: Counter(
            each["Type"].removeprefix("AWS::")
            for each in synthesise(environment_of(variant)).template["Resources"].values()
        )
        for variant in ("dev", "staging", "prod")
    }
    rows = [
        f"| `{kind}` | {' | '.join(str(count[kind]) for count in counts.values())} |"
        for kind in sorted(set().union(*counts.values()))
    ]
    rows.append(f"| all | {' | '.join(str(count.total()) for count in counts.values())} |")
    document = (REPOSITORY / "docs" / "aws.md").read_text()
    table = document.split("|---|---|---|---|\n")[1].split("\n\n")[0].splitlines()
    assert table == rows
