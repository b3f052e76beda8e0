"""Breaks controls 11, 12, 15 and 19 on purpose."""

from __future__ import annotations

from tests.stacks.aws.mutations import CONTAINER, DB, SERVICE, TARGET, TASK, Mutation

SCALING = "ApplicationAutoScaling::ScalingPolicy"
CHECKED = "ElasticLoadBalancingV2::TargetGroup"

MUTATIONS = (
    Mutation(11, "the server does not scale", lambda edit: edit.remove(TARGET)),
    Mutation(
        11,
        "the server scales further than the file says",
        lambda edit: edit.put(TARGET, "MaxCapacity", 40),
    ),
    Mutation(
        11, "the server scales down to nothing", lambda edit: edit.put(TARGET, "MinCapacity", 0)
    ),
    Mutation(11, "it does not scale on requests", lambda edit: edit.remove(SCALING, "Requests")),
    Mutation(11, "it does not scale on CPU", lambda edit: edit.remove(SCALING, "Cpu")),
    Mutation(11, "each deploy scales it down", lambda edit: edit.put(SERVICE, "DesiredCount", 2)),
    Mutation(
        11,
        "the database accepts fewer connections than all replicas open",
        lambda edit: edit.put("RDS::DBParameterGroup", "Parameters", {"max_connections": "100"}),
    ),
    Mutation(
        11,
        "workers open more connections than the database accepts",
        lambda edit: edit.variable("MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW", "100"),
    ),
    Mutation(
        12,
        "a failed rollout goes on",
        lambda edit: edit.drop(SERVICE, "DeploymentConfiguration.DeploymentCircuitBreaker"),
    ),
    Mutation(
        12,
        "a failed rollout stays as it is",
        lambda edit: edit.put(
            SERVICE, "DeploymentConfiguration.DeploymentCircuitBreaker.Rollback", value=False
        ),
    ),
    Mutation(
        12,
        "a rollout stops the old replicas first",
        lambda edit: edit.put(SERVICE, "DeploymentConfiguration.MinimumHealthyPercent", 0),
    ),
    Mutation(
        12,
        "a rollout has no room",
        lambda edit: edit.put(SERVICE, "DeploymentConfiguration.MaximumPercent", 100),
    ),
    Mutation(
        12,
        "a replica has a minute to start",
        lambda edit: edit.put(SERVICE, "HealthCheckGracePeriodSeconds", 60),
    ),
    Mutation(
        12,
        "nothing is said of the time to start",
        lambda edit: edit.drop(SERVICE, "HealthCheckGracePeriodSeconds"),
    ),
    Mutation(
        12,
        "health is asked at the front page, which asks for a login",
        lambda edit: edit.put(CHECKED, "HealthCheckPath", "/"),
    ),
    Mutation(
        12,
        "a refusal counts as healthy",
        lambda edit: edit.put(CHECKED, "Matcher", {"HttpCode": "200-499"}),
    ),
    Mutation(
        12,
        "no load balancer looks after the replicas",
        lambda edit: edit.put(SERVICE, "LoadBalancers", []),
    ),
    Mutation(
        15, "the container runs as root", lambda edit: edit.put(TASK, f"{CONTAINER}.User", "0")
    ),
    Mutation(
        15,
        "the container runs as the image says",
        lambda edit: edit.drop(TASK, f"{CONTAINER}.User"),
    ),
    Mutation(
        15,
        "the container can write anywhere",
        lambda edit: edit.put(TASK, f"{CONTAINER}.ReadonlyRootFilesystem", value=False),
    ),
    Mutation(
        15,
        "the container cannot write to /tmp",
        lambda edit: edit.drop(TASK, f"{CONTAINER}.MountPoints"),
    ),
    Mutation(
        15,
        "the container can write to its code",
        lambda edit: edit.put(TASK, f"{CONTAINER}.MountPoints.0.ContainerPath", "/app"),
    ),
    Mutation(
        15,
        "the image is whatever its tag is today",
        lambda edit: edit.put(TASK, f"{CONTAINER}.Image", "ghcr.io/mlflow/mlflow:v3.17.2"),
    ),
    Mutation(
        15,
        "anybody may open a shell in it",
        lambda edit: edit.put(SERVICE, "EnableExecuteCommand", value=True),
    ),
    Mutation(
        19,
        "dev has a NAT gateway",
        lambda edit: edit.add("EC2::NatGateway", SubnetId="subnet-1"),
        "dev",
    ),
    Mutation(
        19,
        "staging pays for an endpoint per service",
        lambda edit: edit.add("EC2::VPCEndpoint", VpcEndpointType="Interface"),
        "staging",
    ),
    Mutation(19, "dev has a large replica", lambda edit: edit.put(TASK, "Memory", "8192"), "dev"),
    Mutation(19, "dev has two replicas", lambda edit: edit.put(TARGET, "MaxCapacity", 2), "dev"),
    Mutation(
        19,
        "dev has a large database",
        lambda edit: edit.put(DB, "DBInstanceClass", "db.m7g.large"),
        "dev",
    ),
    Mutation(19, "dev has a standby", lambda edit: edit.put(DB, "MultiAZ", value=True), "dev"),
    Mutation(
        19, "dev has a large disk", lambda edit: edit.put(DB, "AllocatedStorage", "100"), "dev"
    ),
    Mutation(
        19,
        "dev pays for container insights",
        lambda edit: edit.put("ECS::Cluster", "ClusterSettings.0.Value", "enabled"),
        "dev",
    ),
)
