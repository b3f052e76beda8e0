"""The two containers of an instance: the front that is reached, and the server behind it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pulumi_gcp as gcp

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pulumi

    from mlops_infra.server import ServerSpec
    from stacks.gcp.secrets import Held

FRONT_PORT = 8080
SCRATCH, AUTHORITY = "tmp", "database-authority"
DISK = "10Gi"
"""All the disk that an instance may have by default. MLflow writes each transfer there first, so
that is what an artifact may be, divided by those that are under way at a time:
https://cloud.google.com/run/docs/configuring/services/ephemeral-disk"""
PROBE_SECONDS = 10


def front(image: str) -> gcp.cloudrunv2.ServiceTemplateContainerArgs:
    """Return the container that takes HTTP/2, once the server behind it is healthy."""
    return gcp.cloudrunv2.ServiceTemplateContainerArgs(
        name="front",
        image=image,
        ports=gcp.cloudrunv2.ServiceTemplateContainerPortsArgs(
            name="h2c", container_port=FRONT_PORT
        ),
        depends_ons=["server"],
        resources=_resources(cpu="500m", memory="256Mi"),
        # By TCP: an HTTP probe asks by HTTP/1.
        startup_probe=gcp.cloudrunv2.ServiceTemplateContainerStartupProbeArgs(
            tcp_socket=gcp.cloudrunv2.ServiceTemplateContainerStartupProbeTcpSocketArgs(
                port=FRONT_PORT
            ),
            period_seconds=1,
            timeout_seconds=1,
            failure_threshold=30,
        ),
    )


def server(
    spec: ServerSpec,
    *,
    image: str,
    cpu: int,
    variables: pulumi.Output[dict[str, str]],
    held: Mapping[str, Held],
    authority_file: str,
) -> gcp.cloudrunv2.ServiceTemplateContainerArgs:
    """Return MLflow's own container; `variables` are those of `spec`, all known at last."""
    return gcp.cloudrunv2.ServiceTemplateContainerArgs(
        name="server",
        image=image,
        args=list(spec.argv),
        envs=[
            *(
                gcp.cloudrunv2.ServiceTemplateContainerEnvArgs(
                    name=name, value=variables.apply(lambda found, name=name: found[name])
                )
                for name in spec.variables
            ),
            *(_secret(name, each) for name, each in held.items()),
        ],
        resources=_resources(cpu=str(cpu), memory=f"{spec.memory_gib}Gi"),
        volume_mounts=[
            gcp.cloudrunv2.ServiceTemplateContainerVolumeMountArgs(
                name=SCRATCH,
                mount_path="/tmp",  # noqa: S108 - the instance's own
            ),
            gcp.cloudrunv2.ServiceTemplateContainerVolumeMountArgs(
                name=AUTHORITY, mount_path=str(PurePosixPath(authority_file).parent)
            ),
        ],
        startup_probe=gcp.cloudrunv2.ServiceTemplateContainerStartupProbeArgs(
            http_get=gcp.cloudrunv2.ServiceTemplateContainerStartupProbeHttpGetArgs(
                path=spec.health_path, port=spec.port
            ),
            period_seconds=PROBE_SECONDS,
            timeout_seconds=5,
            failure_threshold=spec.start_grace_seconds // PROBE_SECONDS + 1,
        ),
        liveness_probe=gcp.cloudrunv2.ServiceTemplateContainerLivenessProbeArgs(
            http_get=gcp.cloudrunv2.ServiceTemplateContainerLivenessProbeHttpGetArgs(
                path=spec.health_path, port=spec.port
            ),
            period_seconds=3 * PROBE_SECONDS,
            timeout_seconds=PROBE_SECONDS,
            failure_threshold=3,
        ),
    )


def volumes(
    *, authority: Held, authority_file: str
) -> list[gcp.cloudrunv2.ServiceTemplateVolumeArgs]:
    """Return what the server mounts: room for transfers, and whom to believe the database."""
    return [
        gcp.cloudrunv2.ServiceTemplateVolumeArgs(
            name=SCRATCH,
            # What is written anywhere else counts as memory.
            empty_dir=gcp.cloudrunv2.ServiceTemplateVolumeEmptyDirArgs(
                medium="DISK", size_limit=DISK
            ),
        ),
        gcp.cloudrunv2.ServiceTemplateVolumeArgs(
            name=AUTHORITY,
            secret=gcp.cloudrunv2.ServiceTemplateVolumeSecretArgs(
                secret=authority.secret.secret_id,
                items=[
                    gcp.cloudrunv2.ServiceTemplateVolumeSecretItemArgs(
                        path=PurePosixPath(authority_file).name,
                        version=authority.version.version,
                    )
                ],
            ),
        ),
    ]


def _secret(name: str, held: Held) -> gcp.cloudrunv2.ServiceTemplateContainerEnvArgs:
    """Return a variable whose value is one version of a secret, so that a new one is a rollout."""
    return gcp.cloudrunv2.ServiceTemplateContainerEnvArgs(
        name=name,
        value_source=gcp.cloudrunv2.ServiceTemplateContainerEnvValueSourceArgs(
            secret_key_ref=gcp.cloudrunv2.ServiceTemplateContainerEnvValueSourceSecretKeyRefArgs(
                secret=held.secret.secret_id, version=held.version.version
            )
        ),
    )


def _resources(*, cpu: str, memory: str) -> gcp.cloudrunv2.ServiceTemplateContainerResourcesArgs:
    return gcp.cloudrunv2.ServiceTemplateContainerResourcesArgs(
        limits={"cpu": cpu, "memory": memory},
        cpu_idle=True,  # nothing runs between requests, so nothing need be paid for
        startup_cpu_boost=True,
    )
