"""The resource types of our templates that ministack lacks, one noun a file."""

from mlops_infra.rehearsal.aws.resources.addresses import Eip, NatGateway
from mlops_infra.rehearsal.aws.resources.base import ResourceType, add
from mlops_infra.rehearsal.aws.resources.firewall import SecurityGroupEgress, SecurityGroupIngress
from mlops_infra.rehearsal.aws.resources.flow_log import FlowLog
from mlops_infra.rehearsal.aws.resources.oidc_provider import OidcProvider
from mlops_infra.rehearsal.aws.resources.scaling import ScalableTarget, ScalingPolicy
from mlops_infra.rehearsal.aws.resources.vpc_origin import VpcOrigin

ADDED: tuple[ResourceType, ...] = (
    Eip(),
    NatGateway(),
    FlowLog(),
    OidcProvider(),
    SecurityGroupIngress(),
    SecurityGroupEgress(),
    ScalableTarget(),
    ScalingPolicy(),
    VpcOrigin(),
)

__all__ = ["ADDED", "ResourceType", "add"]
