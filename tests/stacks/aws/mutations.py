"""Ways to break each control on purpose: one change of the template each, told in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.stacks import scorecard

if TYPE_CHECKING:
    from collections.abc import Iterator

DB, BUCKET, TASK = "RDS::DBInstance", "S3::Bucket", "ECS::TaskDefinition"
BALANCER, LISTENER = (f"ElasticLoadBalancingV2::{each}" for each in ("LoadBalancer", "Listener"))
GROUP, INGRESS = "EC2::SecurityGroup", "EC2::SecurityGroupIngress"
FRONT, SERVICE, ALARM = "CloudFront::Distribution", "ECS::Service", "CloudWatch::Alarm"
SECRET, TARGET = "SecretsManager::Secret", "ApplicationAutoScaling::ScalableTarget"
CONTAINER = "ContainerDefinitions.0"
BEHAVIOR = "DistributionConfig.DefaultCacheBehavior"


class Edit:
    """Changes a template in place. A kind is `S3::Bucket`; a path is of keys and indexes."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body

    def named(self, kind: str, within: str = "") -> list[dict[str, Any]]:
        """Every resource of a kind whose logical id has `within` in it; there must be one."""
        found = [
            each
            for name, each in self.body["Resources"].items()
            if each["Type"] == f"AWS::{kind}" and within in name
        ]
        assert found, f"no {kind} {within} to change"
        return found

    def name(self, kind: str, within: str = "") -> str:
        """The logical id of the first such resource."""
        wanted = self.named(kind, within)[0]
        return next(name for name, each in self.body["Resources"].items() if each is wanted)

    def put(self, kind: str, path: str, value: object, within: str = "") -> None:
        """Set one property of every such resource."""
        for each in self.named(kind, within):
            inner, key = scorecard.slot(each["Properties"], path)
            inner[key] = value

    def drop(self, kind: str, path: str, within: str = "") -> None:
        """Remove one property of every such resource."""
        for each in self.named(kind, within):
            inner, key = scorecard.slot(each["Properties"], path)
            del inner[key]

    def policy(self, kind: str, deletion: str, within: str = "") -> None:
        """Set what deleting or replacing such a resource leaves."""
        for each in self.named(kind, within):
            each["DeletionPolicy"] = each["UpdateReplacePolicy"] = deletion

    def add(self, kind: str, **properties: object) -> None:
        """Add a resource."""
        self.body["Resources"]["Added"] = {"Type": f"AWS::{kind}", "Properties": properties}

    def remove(self, kind: str, within: str = "") -> None:
        """Remove every such resource."""
        gone = self.named(kind, within)
        self.body["Resources"] = {
            name: each for name, each in self.body["Resources"].items() if each not in gone
        }

    def variable(self, name: str, value: object) -> None:
        """Set a variable of the container, which may be new."""
        variables = self.named(TASK)[0]["Properties"]["ContainerDefinitions"][0]["Environment"]
        variables[:] = [each for each in variables if each["Name"] != name]
        variables.append({"Name": name, "Value": value})

    def statements(self, kind: str, within: str = "") -> Iterator[dict[str, Any]]:
        """Every statement of such policies."""
        for each in self.named(kind, within):
            yield from each["Properties"]["PolicyDocument"]["Statement"]

    def allow(self, within: str, **statement: object) -> None:
        """Give a role's policy one more statement."""
        policy = self.named("IAM::Policy", within)[0]["Properties"]["PolicyDocument"]
        policy["Statement"].append({"Effect": "Allow", **statement})

    def let_in(self, group: str, **rule: object) -> None:
        """Add an ingress rule to the group whose logical id has `group` in it."""
        owner = {"Fn::GetAtt": [self.name(GROUP, group), "GroupId"]}
        self.add(INGRESS, GroupId=owner, IpProtocol="tcp", **rule)


Mutation = scorecard.Mutation[Edit]
