"""The front door: HTTPS in every case, with a domain of one's own or without.

    access             front door
    ------             ----------
    public, domain     load balancer with a certificate; plain HTTP is redirected
    public, no domain  CloudFront with a VPC origin before an internal load balancer
    private, domain    internal load balancer with a certificate

Without a domain nobody can have a certificate for a load balancer, hence CloudFront with its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from constructs import Construct

from stacks.aws.findings import accept

if TYPE_CHECKING:
    from aws_cdk import aws_ecs as ecs

    from mlops_infra.config.models import Environment
    from stacks.aws.logs import Logs
    from stacks.aws.network import Network

CLOUDFRONT_PREFIX_LIST = "com.amazonaws.global.cloudfront.origin-facing"
VIEWER_TLS = Path(__file__).with_name("viewer_tls.js")
READ_SECONDS = 120
"""How long the server may be silent, for CloudFront and the load balancer alike: MLflow stores an
artifact before it answers. No VPC origin allows more: https://docs.aws.amazon.com/AmazonCloudFront/
latest/DeveloperGuide/DownloadDistValuesOrigin.html"""


class Access(Construct):
    """A load balancer, and before it CloudFront where the file names no domain."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        network: Network,
        logs: Logs,
    ) -> None:
        super().__init__(scope, construct_id)
        domain = environment.access.domain
        is_open = environment.access.exposure == "public" and domain is not None
        # One id for each front door: its balancer, listeners and target group go together. A target
        # group belongs to one balancer, and a port to one listener, while both are there.
        door = "Public" if is_open else "Private" if domain else "Origin"
        self.balancer = elb.ApplicationLoadBalancer(
            self,
            f"{door}Balancer",
            vpc=network.vpc,
            internet_facing=is_open,
            vpc_subnets=ec2.SubnetSelection(subnet_group_name="public" if is_open else "data"),
            security_group=network.front,
            deletion_protection=environment.protected,
            drop_invalid_header_fields=True,
            idle_timeout=cdk.Duration.seconds(READ_SECONDS),
            desync_mitigation_mode=elb.DesyncMitigationMode.STRICTEST,
        )
        self.balancer.log_access_logs(logs.bucket, "balancer")
        if domain is not None:
            self._listener = self._with_certificate(environment, network, domain)
            self.url = f"https://{domain}"
        else:
            self._listener = self._behind_cloudfront(network)
            self.url = f"https://{self._distribution().distribution_domain_name}"

    def add_target(
        self, service: ecs.FargateService, *, port: int, health_path: str
    ) -> elb.ApplicationTargetGroup:
        """Send what comes in to `service`, once its health path answers."""
        self.target_group = self._listener.add_targets(
            "Server",
            port=port,
            protocol=elb.ApplicationProtocol.HTTP,
            targets=[service],
            deregistration_delay=cdk.Duration.seconds(15),
            health_check=elb.HealthCheck(
                path=health_path,
                interval=cdk.Duration.seconds(15),
                timeout=cdk.Duration.seconds(5),
                healthy_threshold_count=2,
                unhealthy_threshold_count=3,
            ),
        )
        return self.target_group

    def _with_certificate(
        self, environment: Environment, network: Network, domain: str
    ) -> elb.ApplicationListener:
        aws = environment.aws
        if aws is None or aws.hosted_zone is None:
            raise ValueError("a domain needs aws.hosted_zone; the rules see to it")
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=aws.hosted_zone.id, zone_name=aws.hosted_zone.name
        )
        certificate = acm.Certificate(
            self,
            "Certificate",
            domain_name=domain,
            validation=acm.CertificateValidation.from_dns(zone),
        )
        route53.ARecord(
            self,
            "Record",
            zone=zone,
            record_name=f"{domain}.",
            target=route53.RecordTarget.from_alias(targets.LoadBalancerTarget(self.balancer)),
        )
        for cidr in environment.access.allowed_cidrs:
            peer = ec2.Peer.ipv4(cidr)  # the rules of the file see to it
            network.front.add_ingress_rule(peer, ec2.Port.tcp(443), "HTTPS from allowed_cidrs")
            network.front.add_ingress_rule(peer, ec2.Port.tcp(80), "redirected to HTTPS")
        self.balancer.add_redirect(open=False)
        return self.balancer.add_listener(
            "Https",
            port=443,
            open=False,
            certificates=[certificate],
            ssl_policy=elb.SslPolicy.TLS13_RES,
        )

    def _behind_cloudfront(self, network: Network) -> elb.ApplicationListener:
        # The managed prefix list counts as 55 of the 60 rules that a group may have.
        origin = ec2.SecurityGroup(
            self, "Origin", vpc=network.vpc, description="CloudFront", allow_all_outbound=False
        )
        prefix_list = ec2.PrefixList.from_lookup(
            self, "CloudFront", prefix_list_name=CLOUDFRONT_PREFIX_LIST
        )
        origin.add_ingress_rule(
            ec2.Peer.prefix_list(prefix_list.prefix_list_id),
            ec2.Port.tcp(80),
            "CloudFront's VPC origins, inside AWS's network",
        )
        self.balancer.add_security_group(origin)
        listener = self.balancer.add_listener("Http", port=80, open=False)
        accept(
            listener,
            "from CloudFront's VPC origin only, inside AWS's network: no name, no certificate",
            checkov=["CKV_AWS_2", "CKV_AWS_103"],
        )
        return listener

    def _distribution(self) -> cloudfront.Distribution:
        origin = origins.VpcOrigin.with_application_load_balancer(
            self.balancer,
            protocol_policy=cloudfront.OriginProtocolPolicy.HTTP_ONLY,
            read_timeout=cdk.Duration.seconds(READ_SECONDS),
            keepalive_timeout=cdk.Duration.seconds(60),
        )
        refuse_old_tls = cloudfront.Function(
            self,
            "ViewerTls",
            comment="Refuses viewers on TLS 1.1 and older",
            code=cloudfront.FunctionCode.from_file(file_path=str(VIEWER_TLS)),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
        )
        distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment="MLflow's front door",
            default_behavior=cloudfront.BehaviorOptions(
                origin=origin,
                allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                # With CloudFront's own headers, too: the function reads one.
                origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_AND_CLOUDFRONT_2022,
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                compress=True,
                function_associations=[
                    cloudfront.FunctionAssociation(
                        event_type=cloudfront.FunctionEventType.VIEWER_REQUEST,
                        function=refuse_old_tls,
                    )
                ],
            ),
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
        )
        _accept_findings(distribution)
        return distribution


def _accept_findings(distribution: cloudfront.Distribution) -> None:
    accept(distribution, "users may be in any country", nag=["CFR1"])
    accept(
        distribution,
        "6 USD a month, from us-east-1 only, and its body rules refuse uploads: everyone signs in,"
        " and a domain gives allowed_cidrs",
        nag=["CFR2"],
        checkov=["CKV_AWS_68"],
    )
    accept(
        distribution,
        "version 2 can be set up from us-east-1 only, the older one needs a bucket with ACLs; the"
        " load balancer logs each request, yet not the viewer's address: a domain gives that",
        nag=["CFR3"],
        checkov=["CKV_AWS_86"],
    )
    accept(
        distribution,
        "CloudFront's own certificate always allows TLS 1.0: viewer_tls.js refuses it",
        nag=["CFR4"],
        checkov=["CKV_AWS_174"],
    )
