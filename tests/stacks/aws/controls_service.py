"""Controls 11, 12, 15 and 19: how the server runs, grows, recovers, and what it costs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlops_infra.config.sizing import RESERVED_CONNECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.config.models import Environment
    from tests.stacks.aws.template import Template

CONTENT_HASH = re.compile(r"(@sha256:|container-assets-[^:]+:)[0-9a-f]{64}")


def control_11(template: Template, environment: Environment) -> Iterator[str]:
    """The server scales between min and max on load, and the database has connections for max."""
    service, replicas = template.one("ECS::Service"), environment.server.replicas
    if "DesiredCount" in service.properties:
        yield "each deploy resets the number of replicas"
    targets = template.all("ApplicationAutoScaling::ScalableTarget")
    if not any(service.att("Name") in each["ResourceId"] for each in targets):
        yield "the server does not scale"
        return
    target = template.one("ApplicationAutoScaling::ScalableTarget")
    if (target["MinCapacity"], target["MaxCapacity"]) != (max(1, replicas.min), replicas.max):
        yield f"scales from {target['MinCapacity']} to {target['MaxCapacity']}"
    metrics = {
        each["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"][
            "PredefinedMetricType"
        ]
        for each in template.all("ApplicationAutoScaling::ScalingPolicy")
        if each.get("ScalingTargetId") == target.ref
    }
    for metric in {"ECSServiceAverageCPUUtilization", "ALBRequestCountPerTarget"} - metrics:
        yield f"does not scale on {metric}"
    variables = template.variables
    pool = int(variables["MLFLOW_SQLALCHEMYSTORE_POOL_SIZE"])
    overflow = int(variables["MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW"])
    workers = int(variables["MLFLOW_WORKERS"])
    needed = target["MaxCapacity"] * workers * (pool + overflow) + RESERVED_CONNECTIONS
    accepted = int(template.one("RDS::DBParameterGroup")["Parameters"].get("max_connections", 0))
    if needed > accepted:
        yield f"{needed} connections at most, and the database accepts {accepted}"


def control_12(template: Template, environment: Environment) -> Iterator[str]:
    """Health checks on /health, time to start, and a failed rollout rolls back by itself."""
    del environment
    service = template.one("ECS::Service")
    deployment = service["DeploymentConfiguration"]
    if deployment.get("DeploymentCircuitBreaker") != {"Enable": True, "Rollback": True}:
        yield "a failed rollout does not roll back"
    if deployment.get("MinimumHealthyPercent", 0) < 100:
        yield "a rollout stops old replicas before new ones are healthy"
    if deployment.get("MaximumPercent", 0) <= 100:
        yield "a rollout has no room for a new replica"
    if service.get("HealthCheckGracePeriodSeconds", 0) < 120:
        yield "a replica has less than 120 s to start"
    served = [template.at(each["TargetGroupArn"]) for each in service.get("LoadBalancers", [])]
    if not served:
        yield "nothing looks after the replicas' health"
    for group in served:
        assert group is not None
        if group.get("HealthCheckPath") != "/health":
            yield f"health is asked at {group.get('HealthCheckPath')}"
        if group.get("Matcher", {}).get("HttpCode", "200") != "200":
            yield "a failing answer counts as healthy"
        if group.get("HealthCheckEnabled") is False:
            yield "health is not checked"


def control_15(template: Template, environment: Environment) -> Iterator[str]:
    """The container: unprivileged, on a read-only root with /tmp beside it, pinned by content."""
    del environment
    container = template.container
    if not re.fullmatch(r"[1-9]\d*(:[1-9]\d*)?", container.get("User", "0")):
        yield f"the container runs as {container.get('User', 'root')}"
    if container.get("ReadonlyRootFilesystem") is not True:
        yield "the container can write to its root file system"
    if container.get("Privileged"):
        yield "the container is privileged"
    if container.get("LinuxParameters", {}).get("Capabilities", {}).get("Add"):
        yield "the container has more capabilities than it starts with"
    if not CONTENT_HASH.search(container["Image"]):
        yield f"what {container['Image']} is can change"
    volumes = {
        each["Name"]: each for each in template.one("ECS::TaskDefinition").get("Volumes", [])
    }
    mounts = {
        each["ContainerPath"]: each["SourceVolume"]
        for each in container.get("MountPoints", [])
        if each.get("ReadOnly") is False
    }
    if set(mounts) != {"/tmp"} or mounts["/tmp"] not in volumes:
        yield f"writable are {sorted(mounts)}, not /tmp alone"
    if any(set(each) - {"Name"} for each in volumes.values()):
        yield "a volume is more than scratch space"
    if template.one("ECS::Service").get("EnableExecuteCommand"):
        yield "anybody with ecs:ExecuteCommand gets a shell in the container"


def control_19(template: Template, environment: Environment) -> Iterator[str]:
    """Where nothing is protected there is no NAT gateway; dev is the smallest there is."""
    gateways = template.all("EC2::NatGateway") + template.all("EC2::EIP")
    endpoints = [
        each
        for each in template.all("EC2::VPCEndpoint")
        if each.get("VpcEndpointType", "Gateway") != "Gateway"
    ]
    if not environment.protected:
        for each in gateways + endpoints:
            yield f"{each.name} costs as much as the server"
    if environment.name != "dev":
        return
    task, instance = template.one("ECS::TaskDefinition"), template.one("RDS::DBInstance")
    if (task["Cpu"], task["Memory"]) != ("1024", "2048"):
        yield f"a replica has {task['Cpu']} CPU units and {task['Memory']} MiB"
    target = template.one("ApplicationAutoScaling::ScalableTarget")
    if target["MaxCapacity"] != 1:
        yield f"up to {target['MaxCapacity']} replicas"
    if instance["DBInstanceClass"] != "db.t4g.micro":
        yield f"the database is a {instance['DBInstanceClass']}"
    if instance.get("MultiAZ") or instance.get("EnablePerformanceInsights"):
        yield "the database has what dev can do without"
    if int(instance["AllocatedStorage"]) > 32:
        yield f"the database has {instance['AllocatedStorage']} GiB"
    for cluster in template.all("ECS::Cluster"):
        if {"Name": "containerInsights", "Value": "disabled"} not in cluster["ClusterSettings"]:
            yield "metrics per container cost more than the container"
