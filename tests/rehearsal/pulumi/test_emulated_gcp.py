"""The emulated Google Cloud takes the whole stack, and refuses what the real one refuses."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from mlops_infra.rehearsal.gcp import PROVIDER
from mlops_infra.rehearsal.gcp.data import BUCKET, FINAL_BACKUP, INSTANCE
from mlops_infra.rehearsal.gcp.front import FORWARDING as RULE
from mlops_infra.rehearsal.gcp.identity import SECRET, VERSION
from mlops_infra.rehearsal.gcp.network import NETWORK, SERVICE, SUBNET
from mlops_infra.rehearsal.gcp.private_front import AUTHORIZATION, CERTIFICATE
from mlops_infra.rehearsal.gcp.private_front import BACKEND as PRIVATE_BACKEND
from mlops_infra.rehearsal.gcp.private_front import FORWARDING as PRIVATE_RULE
from mlops_infra.rehearsal.gcp.private_front import PROXY as PRIVATE_PROXY
from mlops_infra.rehearsal.gcp.project import API
from mlops_infra.rehearsal.gcp.running.routes import service_behind
from mlops_infra.rehearsal.gcp.watch import LOG_BUCKET
from mlops_infra.rehearsal.pulumi.cloud import Cloud, Resource
from mlops_infra.rehearsal.pulumi.description import CloudError
from mlops_infra.rehearsal.pulumi.lifecycle import Lifecycle
from mlops_infra.rehearsal.pulumi.random import PROVIDER as RANDOM
from mlops_infra.rehearsal.pulumi.schema import mistakes
from stacks.gcp.platform import program
from tests.stacks.gcp.conftest import INVOKE, VARIANTS, environment_of, made
from tests.stacks.registered import Program, register

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_infra.config.models import Environment

pytestmark = pytest.mark.slow

KINDS = {each.token: each for each in (*PROVIDER.types, *RANDOM.types)}
NOT_PROTECTED = {"protected": False}
LEFT = {BUCKET: 1, LOG_BUCKET: 1, SECRET: 1, VERSION: 1, API: 11}
BOOTSTRAPPED = {
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool",
    "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider",
    "gcp:kms/cryptoKey:CryptoKey",
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
    "gcp:kms/keyRing:KeyRing",
    "gcp:projects/iAMMember:IAMMember",
    "gcp:serviceaccount/iAMMember:IAMMember",
}
"""What a bootstrap makes and no stack does."""


@dataclass
class Deployed:
    """What a program has made in the emulated cloud, in order: no engine, no process."""

    cloud: Cloud
    config: dict[str, str]
    program: Program = field(default_factory=Program)
    ids: list[tuple[str, str, str]] = field(default_factory=list)

    def make(self, token: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
        if token not in KINDS:
            assert token == "pulumi:providers:gcp", f"{token} {name} is not described"
            return {}
        found = Lifecycle(kind=KINDS[token], cloud=self.cloud, config=self.config).create(inputs)
        self.ids.append((token, name, found.id))
        return {**found.outputs, "id": found.id}

    def tear_down(self) -> None:
        """Delete in reverse, but for what the program retains."""
        retained = {(each.token, each.name) for each in self.program.resources if each.is_retained}
        for token, name, resource_id in reversed(self.ids):
            if (token, name) not in retained:
                Lifecycle(kind=KINDS[token], cloud=self.cloud, config=self.config).delete(
                    resource_id, {}, {}
                )


def deploy(environment: Environment, cloud: Cloud) -> Deployed:
    gcp = environment.gcp
    assert gcp is not None
    deployed = Deployed(cloud, {"project": gcp.project, "region": gcp.region})
    deployed.program = register(
        lambda: program(environment),
        project="mlops-infra-gcp",
        stack=environment.name,
        compute=deployed.make,
        invoke=INVOKE,
    )
    return deployed


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return Cloud(tmp_path / "cloud.db")


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_provider_refuses_no_input_of_the_stack(variant: str) -> None:
    for each in made(environment_of(variant)).program.resources:
        if each.token in KINDS:
            assert list(mistakes(KINDS[each.token], each.inputs)) == [], each.urn


def test_nothing_is_described_that_the_stack_does_not_use() -> None:
    used = {
        each.token
        for variant in VARIANTS
        for each in made(environment_of(variant)).program.resources
    }
    of_stack = {each for each in used if each.startswith("gcp:")}
    assert {each.token for each in PROVIDER.types} == of_stack | BOOTSTRAPPED


@pytest.mark.parametrize(
    "variant", ["dev", "staging", "prod with a domain", "private prod with a domain"]
)
def test_the_whole_stack_is_made(variant: str, cloud: Cloud) -> None:
    deployed = deploy(environment_of(variant), cloud)
    (service,) = cloud.of(SERVICE).values()
    own = deployed.program.exports["tracking_uri"]
    assert service.outputs["urls"] == ([] if "domain" in variant else [own])
    assert len(deployed.ids) == sum(each.token in KINDS for each in deployed.program.resources)


def test_two_environments_live_in_one_project(cloud: Cloud) -> None:
    gcp = {"gcp": {"project": "shared-project"}}
    deploy(environment_of("dev", **gcp), cloud)
    deploy(environment_of("staging", **gcp), cloud)
    assert len(cloud.of(SERVICE)) == len(cloud.of(BUCKET)) == 2


def test_a_teardown_leaves_bucket_log_key_and_a_final_backup_and_the_next_deploy_takes_its_way(
    cloud: Cloud,
) -> None:
    deployed = deploy(environment_of("staging"), cloud)
    deployed.tear_down()
    left = {kind: count for kind, count in cloud.kinds().items() if kind.startswith("gcp:")}
    assert left == LEFT
    (backup,) = cloud.of(FINAL_BACKUP).values()
    assert backup.inputs == {"instance": "mlops-staging", "retentionDays": 30}
    for kind in (BUCKET, SECRET):  # an engine knows them; the log needs nobody's help
        with pytest.raises(CloudError, match="already exists: "):
            deploy(environment_of("staging"), cloud)
        cloud.delete(kind, next(iter(cloud.of(kind))))


def test_a_protected_database_and_service_are_not_deleted(cloud: Cloud) -> None:
    deploy(environment_of("prod"), cloud)
    for kind in (INSTANCE, SERVICE):
        (resource_id,) = cloud.of(kind)
        with pytest.raises(CloudError, match="deletion_protection"):
            Lifecycle(kind=KINDS[kind], cloud=cloud, config={"project": "p"}).delete(
                resource_id, {}, {}
            )


def test_an_api_that_is_off_is_told_as_google_tells_it(cloud: Cloud) -> None:
    network = Lifecycle(kind=KINDS[NETWORK], cloud=cloud, config={"project": "p", "region": "r"})
    with pytest.raises(CloudError, match="SERVICE_DISABLED"):
        network.create({"name": "a"})
    cloud.put(API, "p/compute.googleapis.com", Resource(inputs={}, outputs={}))
    assert network.create({"name": "a"}).id == "projects/p/global/networks/a"


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ('"INGRESS_TRAFFIC_ALL"', "is not one of INGRESS_TRAFFIC_ALL"),
        ('"sizeLimit"', "is not a property of ServiceTemplateVolumeEmptyDir"),
        ('"image"', "is missing"),
    ],
)
def test_a_service_with_a_mistake_is_refused(change: str, refusal: str) -> None:
    found = made(environment_of("dev")).program.one(SERVICE)
    broken = json.loads(json.dumps(found.inputs).replace(change, '"wrong"'))
    assert any(refusal in why for _, why in mistakes(KINDS[SERVICE], broken))


@pytest.mark.parametrize(
    ("path", "value", "refusal"),
    [
        ("serviceAccount", "nobody@p.iam.gserviceaccount.com", "service account nobody"),
        ("containers.1.startupProbe.failureThreshold", 60, "above 240 s"),
        ("containers.0.dependsOns", ["nobody"], "depends on"),
        ("containers.1.volumeMounts.0.name", "none", "a volume that is not there"),
        ("volumes.1.secret.items.0.version", "7", "versions/7' was not found"),
        ("vpcAccess.networkInterfaces.0.subnetwork", "none", "'none' was not found"),
    ],
)
def test_a_service_that_cannot_start_is_refused(
    path: str, value: object, refusal: str, cloud: Cloud
) -> None:
    deployed = deploy(environment_of("dev"), cloud)
    (service_id,) = cloud.of(SERVICE)
    broken = json.loads(json.dumps(deployed.program.one(SERVICE).inputs))
    inner = broken["template"]
    *steps, last = path.split(".")
    for step in steps:
        inner = inner[int(step) if step.isdigit() else step]
    inner[last] = value
    service = Lifecycle(kind=KINDS[SERVICE], cloud=cloud, config=deployed.config)
    with pytest.raises(CloudError, match=refusal):
        service.update(service_id, broken, {})


def test_a_network_in_use_is_not_deleted(cloud: Cloud) -> None:
    deployed = deploy(environment_of("dev"), cloud)
    for kind in (NETWORK, SUBNET):
        (resource_id,) = cloud.of(kind)
        with pytest.raises(CloudError, match="in use by"):
            Lifecycle(kind=KINDS[kind], cloud=cloud, config=deployed.config).delete(
                resource_id, {}, {}
            )


@pytest.mark.parametrize("variant", ["prod with a domain", "private prod with a domain"])
def test_a_domain_leads_to_the_service_by_the_declared_load_balancer_alone(
    variant: str, cloud: Cloud
) -> None:
    deploy(environment_of(variant), cloud)
    (service_id,) = cloud.of(SERVICE)
    assert service_behind(cloud, "mlflow.example.com") == service_id
    assert service_behind(cloud, "mlops-prod-123456789012.europe-west4.run.app") is None
    (rule,) = [(kind, each) for kind in (RULE, PRIVATE_RULE) for each in cloud.of(kind)]
    cloud.delete(*rule)
    assert service_behind(cloud, "mlflow.example.com") is None


def test_what_is_from_inside_only_is_not_reached_by_a_public_load_balancer(cloud: Cloud) -> None:
    deployed = deploy(environment_of("prod with a domain"), cloud)
    (service_id,) = cloud.of(SERVICE)
    shut = {**deployed.program.one(SERVICE).inputs, "ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY"}
    Lifecycle(kind=KINDS[SERVICE], cloud=cloud, config=deployed.config).update(service_id, shut, {})
    assert service_behind(cloud, "mlflow.example.com") is None


@pytest.mark.parametrize(
    ("kind", "change", "refusal"),
    [
        (CERTIFICATE, {"location": "global"}, "is not in the certificate's location"),
        (AUTHORIZATION, {"type": "FIXED_RECORD"}, "not supported in a regional location"),
        (PRIVATE_BACKEND, {"region": "us-central1"}, "must be in the backend's region"),
        (PRIVATE_PROXY, {"region": "us-central1"}, "is not in the proxy's region"),
        (SUBNET, {"ipCidrRange": "10.0.0.128/25"}, "conflicts with 10.0.0.0/24"),
        (SUBNET, {"ipCidrRange": "10.0.2.0/27"}, "ipCidrRange"),
        (SUBNET, {"logConfig": {"flowSampling": 1}}, "no flow logs in a subnet"),
    ],
)
def test_a_private_load_balancer_that_google_would_not_make_is_refused(
    kind: str, change: dict[str, Any], refusal: str, cloud: Cloud
) -> None:
    deployed = deploy(environment_of("private prod with a domain"), cloud)
    *_, declared = deployed.program.all(kind)  # of two subnets the proxies'
    inputs = {**declared.inputs, **change}
    (found,) = [key for key, each in cloud.of(kind).items() if each.inputs == declared.inputs]
    with pytest.raises(CloudError, match=refusal):
        Lifecycle(kind=KINDS[kind], cloud=cloud, config=deployed.config).update(found, inputs, {})


def test_a_private_load_balancer_needs_a_subnet_for_its_proxies(cloud: Cloud) -> None:
    deployed = deploy(environment_of("private prod with a domain"), cloud)
    (proxies,) = [key for key in cloud.of(SUBNET) if key.endswith("-proxies")]
    subnets = Lifecycle(kind=KINDS[SUBNET], cloud=cloud, config=deployed.config)
    with pytest.raises(CloudError, match="is in use by"):
        subnets.delete(proxies, {}, {})
    cloud.delete(SUBNET, proxies)
    (rule,) = cloud.of(PRIVATE_RULE)
    declared = deployed.program.one(PRIVATE_RULE).inputs
    with pytest.raises(CloudError, match="An active proxy-only subnetwork is required"):
        Lifecycle(kind=KINDS[PRIVATE_RULE], cloud=cloud, config=deployed.config).update(
            rule, declared, {}
        )


def test_a_private_load_balancer_is_torn_down_from_its_rule_to_its_subnet(cloud: Cloud) -> None:
    deployed = deploy(environment_of("private prod with a domain", **NOT_PROTECTED), cloud)
    deployed.tear_down()
    left = {kind: count for kind, count in cloud.kinds().items() if kind.startswith("gcp:")}
    assert left == LEFT
