"""Questions to what runs the server, and to what stands before and beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.rehearsal.aws.questions.base import about

if TYPE_CHECKING:
    from tests.rehearsal.aws.account import Account


@about("AWS::ApplicationAutoScaling::ScalableTarget")
def _scalable_target(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    resource, dimension, namespace = physical_id.split("|")
    found = account.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace=namespace, ResourceIds=[resource], ScalableDimension=dimension
    )
    (target,) = found["ScalableTargets"]
    return [target[key] for key in ("MinCapacity", "MaxCapacity")] == [
        props[key] for key in ("MinCapacity", "MaxCapacity")
    ]


@about("AWS::ApplicationAutoScaling::ScalingPolicy")
def _scaling_policy(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    found = account.client("application-autoscaling").describe_scaling_policies(
        ServiceNamespace="ecs", PolicyNames=[props["PolicyName"]]
    )
    (policy,) = found["ScalingPolicies"]
    kept, wanted = (
        item["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] for item in (policy, props)
    )
    return policy["PolicyARN"] == physical_id and kept == wanted


@about("AWS::CloudFront::VpcOrigin")
def _vpc_origin(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    found = account.client("cloudfront").get_vpc_origin(Id=physical_id)["VpcOrigin"]
    kept, wanted = found["VpcOriginEndpointConfig"], props["VpcOriginEndpointConfig"]
    return found["Status"] == "Deployed" and kept["Name"] == wanted["Name"]


@about("AWS::CloudFront::Distribution")
def _distribution(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    found = account.client("cloudfront").get_distribution(Id=physical_id)["Distribution"]
    (origin,) = found["DistributionConfig"]["Origins"]["Items"]
    (wanted,) = props["DistributionConfig"]["Origins"]
    timeout = "OriginReadTimeout"
    return origin["VpcOriginConfig"][timeout] == wanted["VpcOriginConfig"][timeout]


@about("AWS::CloudFront::Function")
def _function(account: Account, _: str, props: dict[str, Any]) -> bool:
    found = account.client("cloudfront").get_function(Name=props["Name"], Stage="LIVE")
    return found["FunctionCode"].read().decode() == props["FunctionCode"]


@about("AWS::CloudWatch::Alarm")
def _alarm(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    found = account.client("cloudwatch").describe_alarms(AlarmNames=[physical_id])
    (alarm,) = found["MetricAlarms"]
    return (alarm["Threshold"], alarm["MetricName"]) == (props["Threshold"], props["MetricName"])


@about("AWS::CertificateManager::Certificate")
def _certificate(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    found = account.client("acm").describe_certificate(CertificateArn=physical_id)["Certificate"]
    return (found["Status"], found["DomainName"]) == ("ISSUED", props["DomainName"])


@about("AWS::Route53::RecordSet")
def _record(account: Account, _: str, props: dict[str, Any]) -> bool:
    found = account.client("route53").list_resource_record_sets(HostedZoneId=props["HostedZoneId"])
    (record,) = [item for item in found["ResourceRecordSets"] if item["Name"] == props["Name"]]
    return ".elb." in record["AliasTarget"]["DNSName"]


@about("AWS::ECS::Cluster")
def _cluster(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    found = account.client("ecs").describe_clusters(clusters=[physical_id], include=["SETTINGS"])
    (setting,) = found["clusters"][0]["settings"]
    return setting["value"] == props["ClusterSettings"][0]["Value"]


@about("AWS::ECS::Service")
def _service(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    cluster = physical_id.split("/")[1]
    found = account.client("ecs").describe_services(cluster=cluster, services=[physical_id])
    (service,) = found["services"]
    assert service["status"] == "ACTIVE"
    assert service["propagateTags"] == props["PropagateTags"]
    return service["healthCheckGracePeriodSeconds"] == props["HealthCheckGracePeriodSeconds"]


@about("AWS::ECS::TaskDefinition")
def _task_definition(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    found = account.client("ecs").describe_task_definition(taskDefinition=physical_id)
    (kept,), (wanted,) = (
        found["taskDefinition"]["containerDefinitions"],
        props["ContainerDefinitions"],
    )
    secrets = {item["name"]: item["valueFrom"] for item in kept["secrets"]}
    assert secrets.keys() == {item["Name"] for item in wanted["Secrets"]}
    assert all(arn.startswith("arn:aws:secretsmanager:") for arn in secrets.values())
    volumes = [volume["name"] for volume in found["taskDefinition"]["volumes"]]
    assert volumes == [volume["Name"] for volume in props["Volumes"]]
    assert found["taskDefinition"]["runtimePlatform"]["cpuArchitecture"] == "X86_64"
    return kept["command"] == wanted["Command"]


@about("AWS::ElasticLoadBalancingV2::LoadBalancer")
def _balancer(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    client = account.client("elbv2")
    (found,) = client.describe_load_balancers(LoadBalancerArns=[physical_id])["LoadBalancers"]
    assert len({zone["ZoneName"] for zone in found["AvailabilityZones"]}) == len(props["Subnets"])
    assert account.client("ec2").describe_vpcs(VpcIds=[found["VpcId"]])["Vpcs"]
    kept = client.describe_load_balancer_attributes(LoadBalancerArn=physical_id)["Attributes"]
    wanted = [item for item in props["LoadBalancerAttributes"] if isinstance(item["Value"], str)]
    return all(item in kept for item in wanted)


@about("AWS::ElasticLoadBalancingV2::Listener")
def _listener(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    found = account.client("elbv2").describe_listeners(ListenerArns=[physical_id])["Listeners"][0]
    return (found["Port"], found.get("SslPolicy")) == (props["Port"], props.get("SslPolicy"))


@about("AWS::ElasticLoadBalancingV2::TargetGroup")
def _target_group(account: Account, physical_id: str, props: dict[str, Any]) -> bool:
    found = account.client("elbv2").describe_target_groups(TargetGroupArns=[physical_id])
    return found["TargetGroups"][0]["HealthCheckPath"] == props["HealthCheckPath"]
