"""Breaks controls 1, 2, 3 and 13 on purpose."""

from __future__ import annotations

from tests.stacks.aws.mutations import (
    BALANCER,
    BEHAVIOR,
    CONTAINER,
    DB,
    FRONT,
    GROUP,
    INGRESS,
    LISTENER,
    Mutation,
)

ANYBODY = {"CidrIp": "0.0.0.0/0"}
DOMAIN = "prod with a domain"
PRIVATE = "private dev without auth"

MUTATIONS = (
    Mutation(
        1,
        "the server is started without auth",
        lambda edit: edit.put("ECS::TaskDefinition", f"{CONTAINER}.Command", ["server"]),
    ),
    Mutation(
        1,
        "a server without auth gets a public load balancer",
        lambda edit: edit.put(BALANCER, "Scheme", "internet-facing"),
        PRIVATE,
    ),
    Mutation(
        1,
        "the tasks are open to the internet, past the load balancer",
        lambda edit: edit.let_in("NetworkServer", FromPort=5000, ToPort=5000, **ANYBODY),
        "dev",
    ),
    Mutation(
        1,
        "the load balancer reaches every port of the tasks",
        lambda edit: edit.put(INGRESS, "ToPort", 65535, "NetworkServerfrom"),
    ),
    Mutation(
        1,
        "CloudFront caches what one user may see",
        lambda edit: edit.put(
            FRONT, f"{BEHAVIOR}.CachePolicyId", "658327ea-f89d-4fab-a63d-7e88639e58f6"
        ),
    ),
    Mutation(
        1,
        "a path is served by a behavior of its own, cached",
        lambda edit: edit.put(
            FRONT,
            "DistributionConfig.CacheBehaviors",
            [{"PathPattern": "/static/*", "ViewerProtocolPolicy": "https-only"}],
        ),
    ),
    Mutation(
        2,
        "CloudFront serves plain HTTP",
        lambda edit: edit.put(FRONT, f"{BEHAVIOR}.ViewerProtocolPolicy", "allow-all"),
    ),
    Mutation(
        2,
        "nothing refuses TLS 1.0 before CloudFront's own certificate",
        lambda edit: edit.drop(FRONT, f"{BEHAVIOR}.FunctionAssociations"),
    ),
    Mutation(
        2,
        "the function cannot see the viewer's TLS",
        lambda edit: edit.put(
            FRONT, f"{BEHAVIOR}.OriginRequestPolicyId", "216adef6-5c7f-47e4-b989-5492eafa07d3"
        ),
    ),
    Mutation(
        2,
        "the function looks at responses",
        lambda edit: edit.put(
            FRONT, f"{BEHAVIOR}.FunctionAssociations.0.EventType", "viewer-response"
        ),
    ),
    Mutation(
        2,
        "the function lets everything through",
        lambda edit: edit.put(
            "CloudFront::Function",
            "FunctionCode",
            "function handler(event) { return event.request; }",
        ),
    ),
    Mutation(
        2,
        "the load balancer behind CloudFront is public",
        lambda edit: edit.put(BALANCER, "Scheme", "internet-facing"),
    ),
    Mutation(
        2,
        "the load balancer behind CloudFront is open to the network",
        lambda edit: edit.let_in("AccessOrigin", FromPort=80, ToPort=80, CidrIp="10.0.0.0/16"),
    ),
    Mutation(
        2,
        "the front group of the load balancer is opened, too",
        lambda edit: edit.let_in("NetworkFront", FromPort=80, ToPort=80, **ANYBODY),
    ),
    Mutation(
        2,
        "CloudFront goes to its origin over the internet",
        lambda edit: edit.put(
            FRONT,
            "DistributionConfig.Origins",
            [
                {
                    "Id": "a",
                    "DomainName": "b",
                    "CustomOriginConfig": {"OriginProtocolPolicy": "http-only"},
                }
            ],
        ),
    ),
    Mutation(
        2,
        "the VPC origin is another load balancer",
        lambda edit: edit.put(
            "CloudFront::VpcOrigin",
            "VpcOriginEndpointConfig.Arn",
            "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/b",
        ),
    ),
    Mutation(
        2,
        "port 80 serves instead of redirecting",
        lambda edit: edit.put(LISTENER, "DefaultActions", [{"Type": "forward"}], "Redirect"),
        DOMAIN,
    ),
    Mutation(
        2,
        "port 80 redirects to plain HTTP",
        lambda edit: edit.put(
            LISTENER, "DefaultActions.0.RedirectConfig.Protocol", "HTTP", "Redirect"
        ),
        DOMAIN,
    ),
    Mutation(
        2,
        "the HTTPS listener allows TLS 1.0",
        lambda edit: edit.put(LISTENER, "SslPolicy", "ELBSecurityPolicy-2016-08", "Https"),
        DOMAIN,
    ),
    Mutation(
        2,
        "the HTTPS listener has AWS's default policy",
        lambda edit: edit.drop(LISTENER, "SslPolicy", "Https"),
        DOMAIN,
    ),
    Mutation(2, "there is no HTTPS listener", lambda edit: edit.remove(LISTENER, "Https"), DOMAIN),
    Mutation(
        2,
        "the front door is open to all, not to allowed_cidrs",
        lambda edit: edit.let_in("NetworkFront", FromPort=443, ToPort=443, **ANYBODY),
        DOMAIN,
    ),
    Mutation(
        2,
        "one of allowed_cidrs is left out",
        lambda edit: edit.put(
            GROUP,
            "SecurityGroupIngress",
            [{"CidrIp": "203.0.113.0/24", "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}],
            "NetworkFront",
        ),
        DOMAIN,
    ),
    Mutation(
        2,
        "the front door has a port more",
        lambda edit: edit.let_in(
            "NetworkFront", FromPort=5000, ToPort=5000, CidrIp="203.0.113.0/24"
        ),
        DOMAIN,
    ),
    Mutation(
        2,
        "clients are told plain HTTP",
        lambda edit: edit.body["Outputs"].update(TrackingUri={"Value": "http://mlflow"}),
    ),
    Mutation(
        3,
        "the database has a public address",
        lambda edit: edit.put(DB, "PubliclyAccessible", value=True),
    ),
    Mutation(
        3,
        "the database's address is left to AWS's default",
        lambda edit: edit.drop(DB, "PubliclyAccessible"),
    ),
    Mutation(
        3,
        "the database accepts the whole network",
        lambda edit: edit.let_in(
            "NetworkDatabase", FromPort=5432, ToPort=5432, CidrIp="10.0.0.0/16"
        ),
    ),
    Mutation(
        3,
        "the database accepts an administrator from the internet, inline",
        lambda edit: edit.put(
            GROUP,
            "SecurityGroupIngress",
            [{"CidrIp": "203.0.113.7/32", "IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432}],
            "NetworkDatabase",
        ),
    ),
    Mutation(
        3,
        "the server reaches every port of the database",
        lambda edit: edit.put(INGRESS, "FromPort", 0, "NetworkDatabasefrom"),
    ),
    Mutation(
        3,
        "the database is in a group that accepts the load balancer",
        lambda edit: edit.put(
            DB,
            "VPCSecurityGroups",
            [{"Fn::GetAtt": [edit.name(GROUP, "NetworkServer"), "GroupId"]}],
        ),
    ),
    Mutation(
        3,
        "the database is in the network's default group",
        lambda edit: edit.drop(DB, "VPCSecurityGroups"),
    ),
    Mutation(
        3,
        "the database is in the public subnets",
        lambda edit: edit.put(
            "RDS::DBSubnetGroup", "SubnetIds", [{"Ref": edit.name("EC2::Subnet", "public")}]
        ),
    ),
    Mutation(
        3,
        "the database's subnets get a route to the internet",
        lambda edit: edit.add(
            "EC2::Route",
            DestinationCidrBlock="0.0.0.0/0",
            RouteTableId={"Ref": edit.name("EC2::RouteTable", "data")},
        ),
    ),
    Mutation(
        13, "any host is allowed", lambda edit: edit.variable("MLFLOW_SERVER_ALLOWED_HOSTS", "*")
    ),
    Mutation(
        13,
        "a foreign host is allowed, too",
        lambda edit: edit.variable(
            "MLFLOW_SERVER_ALLOWED_HOSTS", "mlflow.example.com,mlflow.example.com:*,evil.example"
        ),
        DOMAIN,
    ),
    Mutation(
        13,
        "only this machine is allowed",
        lambda edit: edit.variable("MLFLOW_SERVER_ALLOWED_HOSTS", "localhost,localhost:*"),
    ),
    Mutation(
        13,
        "any origin is allowed",
        lambda edit: edit.variable("MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", "*"),
    ),
    Mutation(
        13,
        "the origin is plain HTTP",
        lambda edit: edit.variable(
            "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", "http://mlflow.example.com"
        ),
        DOMAIN,
    ),
    Mutation(
        13,
        "the server's own check is switched off",
        lambda edit: edit.variable("MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE", "true"),
    ),
    Mutation(
        13,
        "CloudFront keeps the Host header to itself",
        lambda edit: edit.put(
            FRONT, f"{BEHAVIOR}.OriginRequestPolicyId", "b689b0a8-53d0-40ab-baf2-68738e2966ac"
        ),
    ),
    Mutation(
        13,
        "the record is another name than the server expects",
        lambda edit: edit.put("Route53::RecordSet", "Name", "ml.example.com."),
        DOMAIN,
    ),
)
