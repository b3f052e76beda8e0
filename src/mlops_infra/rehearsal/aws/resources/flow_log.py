"""Records of a network's traffic."""

# ruff: noqa: SLF001 - ministack keeps its resources in module-level stores and offers no other door

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.rehearsal.aws.innards import ec2, provisioners, responses, s3
from mlops_infra.rehearsal.aws.resources.base import Schema, refuse

if TYPE_CHECKING:
    from mlops_infra.rehearsal.aws.resources.base import Props

KEPT = ("LogDestination", "LogDestinationType", "ResourceId", "ResourceType", "TrafficType")


class FlowLog:
    """The traffic of a VPC, a subnet or an interface, written to a bucket.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-flowlog.html
    """

    schema = Schema(
        name="AWS::EC2::FlowLog",
        properties=frozenset({*KEPT, "DestinationOptions", "LogFormat", "Tags"}),
        required=frozenset({"ResourceId", "ResourceType"}),
        replacing=(
            *("DeliverCrossAccountRole", "DeliverLogsPermissionArn", "DestinationOptions"),
            *("LogDestination", "LogDestinationType", "LogFormat", "LogGroupName"),
            *("MaxAggregationInterval", "ResourceId", "ResourceType"),
            *("TagFieldSpecifications", "TrafficType"),
        ),
        is_tagged=True,
    )

    def create(self, logical_id: str, props: Props, stack: str) -> str:  # noqa: ARG002 - it has no name
        if props["ResourceType"] == "VPC" and props["ResourceId"] not in ec2._vpcs:
            raise refuse(self.schema.name, f"The vpc ID '{props['ResourceId']}' does not exist")
        if props.get("LogDestinationType") != "s3":
            raise refuse(self.schema.name, "only LogDestinationType s3 is emulated")
        bucket = props.get("LogDestination", "").removeprefix("arn:aws:s3:::").partition("/")[0]
        if bucket not in s3._buckets:
            raise refuse(self.schema.name, f"LogDestination: {bucket} does not exist")
        identifier = f"fl-{responses.new_uuid().replace('-', '')[:17]}"
        ec2._flow_logs[identifier] = {
            "FlowLogId": identifier,
            "TrafficType": "ALL",
            **{key: props[key] for key in KEPT if key in props},
            "FlowLogStatus": "ACTIVE",
            "CreationTime": ec2._now_ts(),
        }
        provisioners._ec2_apply_tags(identifier, props)
        return identifier

    def update(self, physical_id: str, old: Props, new: Props) -> None:
        provisioners._ec2_apply_tags(physical_id, new, old)

    def delete(self, physical_id: str, props: Props) -> None:  # noqa: ARG002 - the id says all
        ec2._flow_logs.pop(physical_id, None)
        ec2._tags.pop(physical_id, None)

    def attributes(self, physical_id: str, props: Props) -> Props:  # noqa: ARG002 - as above
        return {"Id": physical_id}

    def read(self, physical_id: str, props: Props) -> Props | None:
        kept = ec2._flow_logs.get(physical_id)
        unread = {key: props[key] for key in ("DestinationOptions", "LogFormat") if key in props}
        return kept and {**{key: kept[key] for key in KEPT if key in kept}, **unread}
