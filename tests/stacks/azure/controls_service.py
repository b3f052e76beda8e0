"""Controls 11, 12, 15 and 19: how the server runs, and what it costs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlops_infra.config.sizing import connections_needed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.config.models import Environment
    from tests.stacks.azure.declared import Stack

RESERVED = 15
PINNED = re.compile(r"@sha256:[0-9a-f]{64}$|/mlflow-server:[0-9a-f]{20}$")
START_GRACE_SECONDS = 120
EXPENSIVE = ("network:NatGateway", "network:AzureFirewall", "network:ApplicationGateway")


def control_11(stack: Stack, environment: Environment) -> Iterator[str]:
    """The server scales between min and max on load; connections at max fit the database."""
    replicas = environment.server.replicas
    scale = stack.app.get("template.scale", {})
    if (scale.get("minReplicas"), scale.get("maxReplicas")) != (replicas.min, replicas.max):
        yield f"the file says {replicas}, the app {scale}"
    if not any("http" in rule for rule in scale.get("rules", [])):
        yield "requests do not scale it"
    for rule in scale.get("rules", []):
        at_once = int(rule.get("http", {}).get("metadata", {}).get("concurrentRequests", "1"))
        if at_once > 40 * environment.server.workers:
            yield f"a replica is given {at_once} requests at once, more than it has threads"
    if replicas.min == 0 and any("custom" in rule for rule in scale.get("rules", [])):
        yield "a rule on CPU keeps one replica running"
    most = int(stack.parameter("max_connections") or 0)
    needed = connections_needed(replicas=replicas.max, workers=environment.server.workers)
    if most - RESERVED < max(needed, environment.database.connections):
        yield f"{needed} connections, and the database takes {most - RESERVED}"


def control_12(stack: Stack, environment: Environment) -> Iterator[str]:
    """Health checks on /health, start grace of 120 s, and a failed rollout that changes nothing."""
    del environment
    probes = {each["type"]: each for each in stack.app.get("template.containers.0.probes", [])}
    if set(probes) != {"Startup", "Readiness", "Liveness"}:
        yield f"there are probes for {sorted(probes)}"
    for kind, each in probes.items():
        if (each["httpGet"]["path"], each["httpGet"]["port"]) != ("/health", 5000):
            yield f"{kind} asks {each['httpGet']}"
        if not 1 <= each["failureThreshold"] <= 10:
            yield f"Azure refuses {each['failureThreshold']} failures"
    start = probes.get("Startup", {"failureThreshold": 0, "periodSeconds": 0})
    if start["failureThreshold"] * start["periodSeconds"] < START_GRACE_SECONDS:
        yield "a server that waits for its database is killed"
    if stack.app.get("configuration.activeRevisionsMode") != "Single":
        yield "a revision that is not ready takes traffic"
    if stack.app.get("configuration.ingress.traffic") != [{"latestRevision": True, "weight": 100}]:
        yield "traffic stays on an old revision"
    if stack.app.get("template.terminationGracePeriodSeconds", 0) < 15:
        yield "requests are cut off when a replica stops"


def control_15(stack: Stack, environment: Environment) -> Iterator[str]:
    """The image is pinned and keeps its own unprivileged user.

    Container Apps has neither a setting for the user nor one for a read-only root.
    """
    containers = stack.app.get("template.containers", [])
    if len(containers) != 1 or stack.app.get("template.initContainers"):
        yield "something else runs beside the server"
    for each in containers:
        if not PINNED.search(each["image"]):
            yield f"{each['image']} is not pinned by its content"
        if each.get("volumeMounts"):
            yield "a volume hides what is in the image"
    if environment.image == "build":
        registry = f"{stack.one('containerregistry:Registry')['registryName']}.azurecr.io"
        if not containers[0]["image"].startswith(f"{registry}/"):
            yield "the image is not from the environment's own registry"
        servers = [each["server"] for each in stack.app.get("configuration.registries", [])]
        if servers != [registry]:
            yield f"the platform signs in to {servers}"


def control_19(stack: Stack, environment: Environment) -> Iterator[str]:
    """What is not protected costs what it must: no NAT, no standby, no premium, zero if asked."""
    server = environment.server
    resources = stack.app.get("template.containers.0.resources", {})
    if (resources.get("cpu"), resources.get("memory")) != (server.cpu, f"{server.memory_gib}Gi"):
        yield f"a replica is {resources}"
    if stack.app.get("workloadProfileName") != "Consumption":
        yield "the server runs on machines that cost when it does not"
    profiles = stack.one("app:ManagedEnvironment").get("workloadProfiles", [])
    if [each["workloadProfileType"] for each in profiles] != ["Consumption"]:
        yield f"machines are kept ready: {profiles}"
    for kind in EXPENSIVE:
        if stack.all(kind):
            yield f"there is a {kind}"
    for each in stack.all("containerregistry:Registry"):
        if each.get("sku.name") != "Basic":
            yield f"the registry is {each.get('sku.name')}"
    if environment.database.size == "micro" and stack.database.get("sku.name") != "Standard_B1ms":
        yield f"the smallest database is {stack.database.get('sku.name')}"
    if environment.protected:
        return
    if stack.one("app:ManagedEnvironment").get("zoneRedundant"):
        yield "the environment is in three zones"
    if stack.account.get("sku.name") != "Standard_LRS":
        yield f"artifacts are {stack.account.get('sku.name')}"
