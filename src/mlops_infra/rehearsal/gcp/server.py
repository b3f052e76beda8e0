"""Cloud Run: a service, and what it refuses to start with."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pulumi_gcp as gcp

from mlops_infra.rehearsal.gcp.identity import ACCOUNT, GRANT, SECRET, VERSION
from mlops_infra.rehearsal.gcp.network import NETWORK, SUBNET
from mlops_infra.rehearsal.gcp.project import NUMBER, project, require, resource
from mlops_infra.rehearsal.pulumi.description import CloudError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.rehearsal.pulumi.description import Call, Properties

INGRESSES = ("ALL", "INTERNAL_ONLY", "INTERNAL_LOAD_BALANCER")
MOST_STARTUP_SECONDS = 240


def _service(call: Call) -> Properties:
    name, location = call.inputs["name"], call.inputs["location"]
    host = f"{name}-{NUMBER}.{location}.run.app"
    revision = f"{name}-{sha256(str(call.inputs['template']).encode()).hexdigest()[:8]}"
    path = f"projects/{project(call)}/locations/{location}/services/{name}/revisions/{revision}"
    return {
        "uri": "" if call.inputs.get("defaultUriDisabled") else f"https://{host}",
        "urls": [] if call.inputs.get("defaultUriDisabled") else [f"https://{host}"],
        "latestCreatedRevision": path,
        "latestReadyRevision": path,
        "generation": str(1 + int(call.old.get("generation", "0"))),
        "observedGeneration": str(1 + int(call.old.get("generation", "0"))),
        "reconciling": False,
        "uid": sha256(call.id.encode()).hexdigest()[:32],
    }


def _refuse(call: Call) -> None:
    template = call.inputs["template"]
    accounts = {each.outputs["email"] for each in call.cloud.of(ACCOUNT).values()}
    if template.get("serviceAccount") not in accounts:
        raise CloudError(f"Error 400: service account {template.get('serviceAccount')} not found")
    for each in template.get("vpcAccess", {}).get("networkInterfaces", []):
        require(call, NETWORK, each["network"])
        require(call, SUBNET, each["subnetwork"])
    for secret, version in _secrets(template):
        _refuse_secret(call, secret, version, template["serviceAccount"])
    _refuse_containers(template["containers"], {each["name"] for each in template["volumes"]})


def _refuse_containers(containers: list[Properties], volumes: set[str]) -> None:
    if len([each for each in containers if each.get("ports")]) != 1:
        raise CloudError("Error 400: exactly one container must have a port")
    names = {each.get("name") for each in containers}
    for each in containers:
        if not set(each.get("dependsOns", [])) <= names - {each.get("name")}:
            raise CloudError(f"Error 400: {each.get('name')} depends on {each.get('dependsOns')}")
        if not {mount["name"] for mount in each.get("volumeMounts", [])} <= volumes:
            raise CloudError(f"Error 400: {each.get('name')} mounts a volume that is not there")
        probe = each.get("startupProbe", {})
        if probe.get("periodSeconds", 10) * probe.get("failureThreshold", 3) > MOST_STARTUP_SECONDS:
            raise CloudError("Error 400: startup_probe: total timeout is above 240 s")
        if probe.get("timeoutSeconds", 1) > probe.get("periodSeconds", 10):
            raise CloudError("Error 400: startup_probe: timeout is above the period")


def _refuse_secret(call: Call, secret: str, version: str, account: str) -> None:
    secret_id = f"projects/{project(call)}/secrets/{secret}"
    require(call, SECRET, secret_id)
    require(call, VERSION, f"projects/{NUMBER}/secrets/{secret}/versions/{version}")
    role, member = "roles/secretmanager.secretAccessor", f"serviceAccount:{account}"
    if call.cloud.get(GRANT, f"{secret_id}/{role}/{member}") is None:
        raise CloudError(f"Error 400: Permission denied on secret: {secret_id} for {account}")


def _secrets(template: Properties) -> Iterator[tuple[str, str]]:
    """Yield each secret that an instance reads, with its version."""
    for container in template["containers"]:
        for each in container.get("envs", []):
            if "valueSource" in each:
                reference = each["valueSource"]["secretKeyRef"]
                yield reference["secret"], reference["version"]
    for volume in template.get("volumes", []):
        for each in volume.get("secret", {}).get("items", []):
            yield volume["secret"]["secret"], each["version"]


def _refuse_protected(call: Call) -> None:
    if call.old.get("deletionProtection", True):
        raise CloudError(
            f"cannot destroy service without setting deletion_protection=false: {call.id}"
        )


TYPES = (
    resource(
        gcp.cloudrunv2.Service,
        "projects/{project}/locations/{location}/services/{name}",
        enums={
            "ingress": frozenset(f"INGRESS_TRAFFIC_{each}" for each in INGRESSES),
            "template.executionEnvironment": frozenset(
                {"EXECUTION_ENVIRONMENT_GEN1", "EXECUTION_ENVIRONMENT_GEN2"}
            ),
            "template.containers.ports.name": frozenset({"h2c", "http1"}),
            "template.volumes.emptyDir.medium": frozenset({"MEMORY", "DISK"}),
            "template.vpcAccess.egress": frozenset({"ALL_TRAFFIC", "PRIVATE_RANGES_ONLY"}),
            "traffics.type": frozenset(
                f"TRAFFIC_TARGET_ALLOCATION_TYPE_{each}" for each in ("LATEST", "REVISION")
            ),
        },
        volatile=frozenset(
            {"generation", "observedGeneration", "latestCreatedRevision", "latestReadyRevision"}
        ),
        computed=_service,
        refuse=_refuse,
        before_delete=_refuse_protected,
    ),
)
