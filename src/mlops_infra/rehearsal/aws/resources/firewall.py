"""Rules of security groups that are resources of their own, as the CDK makes between groups."""

# ruff: noqa: SLF001 - ministack keeps its resources in module-level stores and offers no other door

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.rehearsal.aws.innards import ec2, provisioners, responses
from mlops_infra.rehearsal.aws.lookups import CLOUDFRONT_ENTRIES, is_cloudfront
from mlops_infra.rehearsal.aws.resources.base import Schema, refuse

if TYPE_CHECKING:
    from mlops_infra.rehearsal.aws.resources.base import Props

RULES_MAX = 60
"""Of a group in one direction; a prefix list counts with its size.
https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"""


def _schema(name: str, *, required: tuple[str, ...], more: tuple[str, ...]) -> Schema:
    replacing = (
        *("CidrIp", "CidrIpv6", "FromPort", "GroupId", "IpProtocol", "ToPort"),
        *more,
    )
    by_name = {"GroupName", "SourceSecurityGroupName"}  # for default VPCs only; not emulated
    return Schema(
        name=name,
        properties=frozenset({"Description", *replacing}) - by_name,
        required=frozenset(required),
        replacing=replacing,
    )


class _Rule:
    """What ingress and egress have in common: one entry in a group's list, and its id."""

    schema: Schema
    is_egress: bool
    peer: str

    def create(self, logical_id: str, props: Props, stack: str) -> str:  # noqa: ARG002 - it has no name
        group = ec2._security_groups.get(props.get("GroupId"))
        if group is None:
            raise refuse(
                self.schema.name, f"The security group '{props.get('GroupId')}' does not exist"
            )
        other = props.get(f"{self.peer}SecurityGroupId")
        if other and other not in ec2._security_groups:
            raise refuse(self.schema.name, f"The security group '{other}' does not exist")
        rules = group[self._list]
        if self.is_egress:
            # CloudFormation first takes away what lets everything out: a group has such a rule
            # from its birth (https://github.com/aws/aws-cdk/issues/22140).
            rules[:] = [known for known in rules if not _lets_all_out(known)]
        (rule,) = provisioners._ec2_sg_permissions([props])
        if any(ec2._rules_match(rule, known) for known in rules):
            raise refuse(self.schema.name, "the specified rule already exists")
        if sum(map(_weight, [*rules, rule])) > RULES_MAX:
            raise refuse(
                self.schema.name,
                "The maximum number of rules per security group has been reached.",
            )
        rule["SecurityGroupRuleId"] = f"sgr-{responses.new_uuid().replace('-', '')[:17]}"
        rules.append(rule)
        return rule["SecurityGroupRuleId"]

    def update(self, physical_id: str, old: Props, new: Props) -> None:  # noqa: ARG002 - as above
        rule = self._find(physical_id, new)
        if rule is None:
            raise refuse(
                self.schema.name, f"The security group rule ID '{physical_id}' does not exist"
            )
        (changed,) = provisioners._ec2_sg_permissions([new])
        rule.update(changed)

    def delete(self, physical_id: str, props: Props) -> None:
        rule = self._find(physical_id, props)
        if rule is not None:
            ec2._security_groups[props["GroupId"]][self._list].remove(rule)

    def attributes(self, physical_id: str, props: Props) -> Props:  # noqa: ARG002 - as above
        return {"Id": physical_id}

    def read(self, physical_id: str, props: Props) -> Props | None:
        rule = self._find(physical_id, props)
        if rule is None:
            return None
        found = {key: rule[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in rule}
        found["GroupId"] = props["GroupId"]
        for entries, key, name in (
            ("IpRanges", "CidrIp", "CidrIp"),
            ("Ipv6Ranges", "CidrIpv6", "CidrIpv6"),
            ("PrefixListIds", "PrefixListId", f"{self.peer}PrefixListId"),
            ("UserIdGroupPairs", "GroupId", f"{self.peer}SecurityGroupId"),
        ):
            for entry in rule[entries]:
                found[name] = entry[key]
                if "Description" in entry:
                    found["Description"] = entry["Description"]
        return found

    @property
    def _list(self) -> str:
        return "IpPermissionsEgress" if self.is_egress else "IpPermissions"

    def _find(self, rule_id: str, props: Props) -> Props | None:
        group = ec2._security_groups.get(props.get("GroupId")) or {self._list: []}
        rules = (rule for rule in group[self._list] if rule.get("SecurityGroupRuleId") == rule_id)
        return next(rules, None)


class SecurityGroupIngress(_Rule):
    """A way into a group.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroupingress.html
    """

    is_egress = False
    peer = "Source"
    schema = _schema(
        "AWS::EC2::SecurityGroupIngress",
        required=("IpProtocol",),
        more=(
            *("GroupName", "SourcePrefixListId", "SourceSecurityGroupId"),
            *("SourceSecurityGroupName", "SourceSecurityGroupOwnerId"),
        ),
    )


class SecurityGroupEgress(_Rule):
    """A way out of a group.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroupegress.html
    """

    is_egress = True
    peer = "Destination"
    schema = _schema(
        "AWS::EC2::SecurityGroupEgress",
        required=("GroupId", "IpProtocol"),
        more=("DestinationPrefixListId", "DestinationSecurityGroupId"),
    )


def _lets_all_out(rule: Props) -> bool:
    everywhere = any(entry["CidrIp"] == "0.0.0.0/0" for entry in rule["IpRanges"])
    return rule["IpProtocol"] == "-1" and everywhere


def _weight(rule: Props) -> int:
    lists = [entry["PrefixListId"] for entry in rule["PrefixListIds"]]
    return sum(CLOUDFRONT_ENTRIES if is_cloudfront(item) else 1 for item in lists) or 1
