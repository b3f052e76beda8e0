"""Ways to break controls 11, 12, 15 and 19."""

from __future__ import annotations

from tests.stacks.gcp.declared import INSTANCE, SERVICE
from tests.stacks.gcp.mutations import FRONT, SERVER, Mutation

LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"

MUTATIONS = (
    Mutation(
        11,
        "the number of replicas is fixed",
        lambda edit: edit.put(SERVICE, "scaling.scalingMode", "MANUAL"),
    ),
    Mutation(
        11,
        "there is a replica more at most",
        lambda edit: edit.put(SERVICE, "scaling.maxInstanceCount", 5),
    ),
    Mutation(
        11,
        "the number of replicas is Google's default",
        lambda edit: edit.drop(SERVICE, "scaling"),
    ),
    Mutation(
        11,
        "a revision has Google's default",
        lambda edit: edit.drop(SERVICE, "template.scaling"),
    ),
    Mutation(
        11,
        "nothing runs while idle",
        lambda edit: edit.put(SERVICE, "scaling.minInstanceCount", 0),
    ),
    Mutation(
        11,
        "a replica gets more than it has threads",
        lambda edit: edit.put(SERVICE, "template.maxInstanceRequestConcurrency", 1000),
    ),
    Mutation(
        11,
        "the pools are too large for the database",
        lambda edit: edit.variable("MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW", "100"),
    ),
    Mutation(
        11,
        "the database accepts what Google thinks",
        lambda edit: edit.put(INSTANCE, "settings.databaseFlags", []),
    ),
    Mutation(
        12,
        "traffic stays with an old revision",
        lambda edit: edit.put(SERVICE, "traffics.0.type", REVISION),
    ),
    Mutation(
        12,
        "half of the traffic goes nowhere",
        lambda edit: edit.put(SERVICE, "traffics", [{"type": LATEST, "percent": 50}]),
    ),
    Mutation(
        12,
        "a replica has 30 s to start",
        lambda edit: edit.put(SERVICE, f"{SERVER}.startupProbe.failureThreshold", 3),
    ),
    Mutation(
        12,
        "a replica has more time than Cloud Run gives",
        lambda edit: edit.put(SERVICE, f"{SERVER}.startupProbe.failureThreshold", 60),
    ),
    Mutation(
        12,
        "health is asked at the UI",
        lambda edit: edit.put(SERVICE, f"{SERVER}.startupProbe.httpGet.path", "/"),
    ),
    Mutation(
        12,
        "nobody asks again",
        lambda edit: edit.drop(SERVICE, f"{SERVER}.livenessProbe"),
    ),
    Mutation(
        12,
        "the front does not wait for the server",
        lambda edit: edit.drop(SERVICE, f"{FRONT}.dependsOns"),
    ),
    Mutation(
        12, "nobody looks after the front", lambda edit: edit.drop(SERVICE, f"{FRONT}.startupProbe")
    ),
    Mutation(
        12,
        "health is not checked on a rollout",
        lambda edit: edit.put(SERVICE, "template.healthCheckDisabled", value=True),
    ),
    Mutation(
        12,
        "requests end after five minutes",
        lambda edit: edit.put(SERVICE, "template.timeout", "300s"),
    ),
    Mutation(
        12,
        "requests end at 32 MiB",
        lambda edit: edit.put(SERVICE, f"{FRONT}.ports.name", "http1"),
    ),
    Mutation(
        15,
        "the image is a tag that moves",
        lambda edit: edit.put(SERVICE, f"{SERVER}.image", "ghcr.io/team/mlflow:3.17"),
    ),
    Mutation(
        15,
        "the front is a tag that moves",
        lambda edit: edit.put(SERVICE, f"{FRONT}.image", "docker.io/library/nginx:1.26"),
    ),
    Mutation(
        15,
        "the front is started otherwise",
        lambda edit: edit.put(SERVICE, f"{FRONT}.commands", ["sh"]),
    ),
    Mutation(
        15,
        "the older sandbox",
        lambda edit: edit.put(
            SERVICE, "template.executionEnvironment", "EXECUTION_ENVIRONMENT_GEN1"
        ),
    ),
    Mutation(15, "a shell by SSH", lambda edit: edit.put(SERVICE, "sshEnabled", value=True)),
    Mutation(
        15,
        "/tmp is memory",
        lambda edit: edit.put(SERVICE, "template.volumes.0.emptyDir.medium", "MEMORY"),
    ),
    Mutation(
        15,
        "/tmp is smaller than it may be",
        lambda edit: edit.put(SERVICE, "template.volumes.0.emptyDir.sizeLimit", "1Gi"),
    ),
    Mutation(
        15,
        "the bucket is mounted, too",
        lambda edit: edit.put(
            SERVICE,
            f"{FRONT}.volumeMounts",
            [{"name": "artifacts", "mountPath": "/artifacts"}],
        ),
    ),
    Mutation(
        19,
        "there is a NAT gateway",
        lambda edit: edit.add("gcp:compute/routerNat:RouterNat", name="mlops-dev"),
        "dev",
    ),
    Mutation(
        19,
        "there is a connector",
        lambda edit: edit.add("gcp:vpcaccess/connector:Connector", name="mlops-dev"),
        "dev",
    ),
    Mutation(
        19,
        "all traffic takes the network",
        lambda edit: edit.put(SERVICE, "template.vpcAccess.egress", "ALL_TRAFFIC"),
        "dev",
    ),
    Mutation(
        19,
        "CPU is paid for all day",
        lambda edit: edit.put(SERVICE, f"{SERVER}.resources.cpuIdle", value=False),
        "dev",
    ),
    Mutation(
        19,
        "dev always runs",
        lambda edit: edit.put(SERVICE, "scaling.minInstanceCount", 1),
        "dev",
    ),
    Mutation(
        19,
        "dev has a second replica",
        lambda edit: edit.put(SERVICE, "scaling.maxInstanceCount", 2),
        "dev",
    ),
    Mutation(
        19,
        "dev has prod's replica",
        lambda edit: edit.put(SERVICE, f"{SERVER}.resources.limits", {"cpu": "2", "memory": "4Gi"}),
        "dev",
    ),
    Mutation(
        19,
        "dev has a larger database",
        lambda edit: edit.put(INSTANCE, "settings.tier", "db-g1-small"),
        "dev",
    ),
    Mutation(
        19,
        "the dearer edition, which Google takes by default",
        lambda edit: edit.drop(INSTANCE, "settings.edition"),
        "dev",
    ),
    Mutation(
        19,
        "dev has a standby",
        lambda edit: edit.put(INSTANCE, "settings.availabilityType", "REGIONAL"),
        "dev",
    ),
    Mutation(
        19,
        "dev has a larger disk",
        lambda edit: edit.put(INSTANCE, "settings.diskSize", 100),
        "dev",
    ),
)
