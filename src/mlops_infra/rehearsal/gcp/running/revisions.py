"""What a service's template describes: the containers of an instance, all they need resolved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_infra.rehearsal.container import ContainerSpec
from mlops_infra.rehearsal.gcp.identity import VERSION
from mlops_infra.rehearsal.gcp.project import NUMBER

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_infra.rehearsal.gcp.running.databases import Databases
    from mlops_infra.rehearsal.pulumi.cloud import Cloud
    from mlops_infra.rehearsal.pulumi.description import Call, Properties

STOP_SECONDS = 10
"""What Cloud Run leaves an instance between SIGTERM and SIGKILL:
https://cloud.google.com/run/docs/container-contract"""


@dataclass(frozen=True, kw_only=True)
class Revision:
    """An instance as Cloud Run would start it. Equal ones need no new instance."""

    server: ContainerSpec
    server_port: int
    """Where the front expects it."""
    front: str
    """The front's image."""
    front_port: int
    protocol: str
    """By which Cloud Run speaks to the front: `h2c` or `http1`."""
    timeout_seconds: int
    """After which Cloud Run ends a request."""


def revision(call: Call, *, databases: Databases, mounts: Path, store: str) -> Revision:
    """Return what a service is to run, with the secrets' values of now.

    Secrets that are mounted are written below `mounts`; `store` is where artifacts are.
    """
    template = call.inputs["template"]
    (front,) = [each for each in template["containers"] if each.get("ports")]
    (server,) = [each for each in template["containers"] if each["name"] in front["dependsOns"]]
    variables = {each["name"]: _value(call.cloud, each) for each in server["envs"]}
    mounted = _mount(call, server, mounts)
    probe = server["startupProbe"]
    spec = ContainerSpec(
        image=server["image"],
        command=tuple(server["args"]),
        variables=variables,
        addresses={
            "STORAGE_EMULATOR_HOST": store,
            **databases.addresses(variables["PGHOST"]),
            **{name: mounted[value] for name, value in variables.items() if value in mounted},
        },
        health_path=probe["httpGet"]["path"],
        start_grace_seconds=probe["periodSeconds"] * probe["failureThreshold"],
        stop_grace_seconds=STOP_SECONDS,
    )
    return Revision(
        server=spec,
        server_port=probe["httpGet"]["port"],
        front=front["image"],
        front_port=front["ports"]["containerPort"],
        protocol=front["ports"].get("name", "http1"),
        timeout_seconds=int(template["timeout"].removesuffix("s")),
    )


def _value(cloud: Cloud, variable: Properties) -> str:
    if "valueSource" not in variable:
        return variable["value"]
    reference = variable["valueSource"]["secretKeyRef"]
    return _secret(cloud, reference["secret"], reference["version"])


def _secret(cloud: Cloud, secret: str, version: str) -> str:
    """Return what a version of a secret holds; that it is there is checked before."""
    return cloud.of(VERSION)[f"projects/{NUMBER}/secrets/{secret}/versions/{version}"].inputs[
        "secretData"
    ]


def _mount(call: Call, container: Properties, folder: Path) -> dict[str, str]:
    """Write the secrets that a container mounts; returns where each file is, by where it should."""
    volumes = {each["name"]: each.get("secret") for each in call.inputs["template"]["volumes"]}
    found = {}
    for mount in container["volumeMounts"]:
        secret = volumes[mount["name"]]
        for item in secret["items"] if secret else []:
            place = folder / secret["secret"] / str(item["version"]) / item["path"]
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch(mode=0o600)
            place.write_text(_secret(call.cloud, secret["secret"], item["version"]))
            found[f"{mount['mountPath']}/{item['path']}"] = str(place)
    return found
