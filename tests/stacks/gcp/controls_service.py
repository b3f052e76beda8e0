"""Controls 11, 12, 15 and 19: how the server runs, grows, recovers, and what it costs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mlops_infra.config.sizing import RESERVED_CONNECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.config.models import Environment
    from tests.stacks.gcp.declared import Declared

PINNED = re.compile(r"@sha256:[0-9a-f]{64}|-docker\.pkg\.dev/[^:]+:[0-9a-f]{20}")
COSTLY = ("compute/router", "vpcaccess/", "compute/instance", "filestore/", "redis/")
THREADS_A_WORKER = 40
INTERNAL_CONNECTIONS = 10
"""Those of Cloud SQL's own agents."""


def control_11(declared: Declared, environment: Environment) -> Iterator[str]:
    """The server scales between min and max on load, and the database has connections for max."""
    replicas, scaling = environment.server.replicas, declared.service.get("scaling", {})
    if scaling.get("scalingMode", "AUTOMATIC") != "AUTOMATIC" or "manualInstanceCount" in scaling:
        yield "the server does not scale"
    found = (scaling.get("minInstanceCount", 0), scaling.get("maxInstanceCount"))
    if found != (replicas.min, replicas.max):
        yield f"scales from {found[0]} to {found[1]}"
    # A revision may have no more either: its own limit is 100 unless it is told.
    if declared.template.get("scaling", {}).get("maxInstanceCount") != replicas.max:
        yield f"a revision scales {declared.template.get('scaling')}"
    workers = int(declared.variables["MLFLOW_WORKERS"])
    if declared.template.get("maxInstanceRequestConcurrency") != THREADS_A_WORKER * workers:
        yield "a replica gets more requests than it has threads, or fewer"
    pool = int(declared.variables["MLFLOW_SQLALCHEMYSTORE_POOL_SIZE"])
    overflow = int(declared.variables["MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW"])
    most = scaling.get("maxInstanceCount", 100)
    needed = most * workers * (pool + overflow) + RESERVED_CONNECTIONS + INTERNAL_CONNECTIONS
    flags = {each["name"]: each["value"] for each in declared.settings.get("databaseFlags", [])}
    if needed > int(flags.get("max_connections", 0)):
        yield f"{needed} connections at most, and the database accepts {flags}"


def control_12(declared: Declared, environment: Environment) -> Iterator[str]:
    """Health checks on /health, time to start, and a failed rollout changes nothing."""
    del environment
    traffic = declared.service.get("traffics", [])
    latest = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}
    if traffic != [latest]:
        yield f"traffic goes to {traffic}, not to the newest revision that is healthy"
    startup = declared.server.get("startupProbe", {})
    for what, probe in (("startup", startup), ("liveness", declared.server.get("livenessProbe"))):
        asked = (probe or {}).get("httpGet", {})
        if (asked.get("path"), asked.get("port")) != ("/health", 5000):
            yield f"{what} is asked at {asked}"
    grace = startup.get("periodSeconds", 10) * startup.get("failureThreshold", 3)
    if not 120 <= grace <= 240:  # Cloud Run takes no more
        yield f"a replica has {grace} s to start"
    if declared.front.get("dependsOns") != ["server"] or declared.server.get("name") != "server":
        yield "the front takes requests before the server is healthy"
    if not declared.front.get("startupProbe", {}).get("tcpSocket"):
        yield "nothing sees whether the front listens"
    if declared.template.get("healthCheckDisabled"):
        yield "health is not checked"
    if declared.template.get("timeout") != "3600s":
        yield f"a large artifact ends after {declared.template.get('timeout')}"
    if declared.front["ports"].get("name") != "h2c":
        yield "a request ends at 32 MiB: the front is not asked by HTTP/2"


def control_15(declared: Declared, environment: Environment) -> Iterator[str]:
    """The containers: pinned by content, with disk at /tmp; Cloud Run has no read-only root."""
    del environment
    for each in declared.containers:
        if not PINNED.search(each["image"]):
            yield f"what {each['image']} is can change"
        if each.get("commands"):
            yield f"{each['name']} is started otherwise than its image says"
    if declared.template.get("executionEnvironment") != "EXECUTION_ENVIRONMENT_GEN2":
        yield "the containers run in the older sandbox, without disks"
    if declared.service.get("sshEnabled"):
        yield "anybody with the permission gets a shell in the container"
    volumes = {each["name"]: each for each in declared.template.get("volumes", [])}
    mounts: dict[str, Any] = {
        each["mountPath"]: volumes.get(each["name"], {})
        for container in declared.containers
        for each in container.get("volumeMounts", [])
    }
    scratch = {path for path, volume in mounts.items() if "secret" not in volume}
    if scratch != {"/tmp"}:
        yield f"writable are {sorted(scratch)}, not /tmp alone"
    elif mounts["/tmp"].get("emptyDir", {}).get("medium") != "DISK":
        yield "what is written to /tmp counts as memory"
    elif int(mounts["/tmp"]["emptyDir"].get("sizeLimit", "0Gi").removesuffix("Gi")) < 10:
        yield "there is less room for artifacts than an instance may have"


def control_19(declared: Declared, environment: Environment) -> Iterator[str]:
    """Nothing is there to pay for but server and data; dev is the smallest there is."""
    for each in declared.cloud:
        if any(word in each.token for word in COSTLY):
            yield f"{each.name} costs as much as the server"
    if declared.template.get("vpcAccess", {}).get("egress") != "PRIVATE_RANGES_ONLY":
        yield "what goes to the internet needs a NAT gateway"
    if any(each["resources"].get("cpuIdle") is not True for each in declared.containers):
        yield "CPU is paid for between requests"
    if environment.name != "dev":
        return
    if declared.service["scaling"].get("minInstanceCount", 0) != 0:
        yield "dev runs while nobody asks"
    if declared.service["scaling"].get("maxInstanceCount") != 1:
        yield "up to several replicas"
    if declared.server["resources"]["limits"] != {"cpu": "1", "memory": "2Gi"}:
        yield f"a replica has {declared.server['resources']['limits']}"
    settings = declared.settings
    if (settings["tier"], settings.get("edition")) != ("db-f1-micro", "ENTERPRISE"):
        yield f"the database is a {settings['tier']} of {settings.get('edition')}"
    if settings["availabilityType"] != "ZONAL" or settings["insightsConfig"].get(
        "queryInsightsEnabled"
    ):
        yield "the database has what dev can do without"
    if settings["diskSize"] > 32:
        yield f"the database has {settings['diskSize']} GiB"
