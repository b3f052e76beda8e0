"""What a container app's template describes, and the names that it answers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.rehearsal.azure.server import VAULT
from mlops_infra.rehearsal.container import ContainerSpec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlops_infra.rehearsal.azure.running.databases import Databases
    from mlops_infra.rehearsal.pulumi.cloud import Cloud
    from mlops_infra.rehearsal.pulumi.description import Call

APP = "azure-native:app:ContainerApp"
SECRET = "azure-native:keyvault:Secret"  # noqa: S105 - a type


def app_behind(cloud: Cloud, host: str) -> str | None:
    """Return the id of the container app that gets what is sent to `https://host`, or None."""
    for app_id, app in cloud.of(APP).items():
        ingress = app.outputs["configuration"]["ingress"]
        domains = {each["name"] for each in ingress.get("customDomains") or ()}
        if host in {ingress["fqdn"], *domains}:
            return app_id
    return None


def container_spec(
    call: Call, *, addresses: Mapping[str, str], databases: Databases, authority: Path
) -> ContainerSpec:
    """Return what an app is to run, with the secrets' values of now.

    `addresses` lead to the rest of the emulated Azure; `authority` signs for the databases' names.
    """
    template = call.inputs["template"]
    (container,) = template["containers"]
    secrets = {
        each["name"]: _secret(call.cloud, each["keyVaultUrl"])
        for each in call.inputs["configuration"]["secrets"]
    }
    variables = {
        each["name"]: secrets[each["secretRef"]] if "secretRef" in each else each["value"]
        for each in container["env"]
    }
    (startup,) = [each for each in container["probes"] if each["type"] == "Startup"]
    return ContainerSpec(
        image=container["image"],
        command=tuple(container["args"]),
        variables=variables,
        addresses={
            **addresses,
            **databases.addresses(variables["PGHOST"]),
            "PGSSLROOTCERT": str(authority),
        },
        health_path=startup["httpGet"]["path"],
        start_grace_seconds=startup["periodSeconds"] * startup["failureThreshold"],
        stop_grace_seconds=template["terminationGracePeriodSeconds"],
    )


def _secret(cloud: Cloud, url: str) -> str:
    """Return what a secret of a vault holds; that it is there is checked before."""
    vault, _, name = url.removeprefix("https://").partition(".vault.azure.net/secrets/")
    (vault_id,) = [each for each in cloud.of(VAULT) if each.endswith(f"/{vault}")]
    return cloud.of(SECRET)[f"{vault_id}/secrets/{name}"].inputs["properties"]["value"]
