"""A CloudFormation template as controls read it: references are text, policies are statements."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return `value` with each reference as text: `${Bucket}`, `${Bucket.Arn}`, joined to one."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"}:
        return f"${{{value['Ref']}}}"
    if set(value) == {"Fn::GetAtt"}:
        found = value["Fn::GetAtt"]
        return f"${{{found if isinstance(found, str) else '.'.join(found)}}}"
    if set(value) == {"Fn::Join"}:
        separator, parts = value["Fn::Join"]
        return separator.join(map(str, plain(parts)))
    if len(value) == 1 and next(iter(value)).startswith("Fn::"):
        return f"${{{json.dumps(plain(next(iter(value.values()))))}}}"
    return {key: plain(each) for key, each in value.items()}


def listed(value: Any) -> list[Any]:  # noqa: ANN401 - JSON
    """Return what a policy may give as one or as a list, as a list."""
    return value if isinstance(value, list) else [value]


@dataclass(frozen=True)
class Resource:
    """One resource, with its properties made plain."""

    name: str
    kind: str
    properties: dict[str, Any]
    policies: tuple[str, str]
    """What happens to it when it is deleted, and when it is replaced."""

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - JSON
        return self.properties[key]

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 - JSON
        return self.properties.get(key, default)

    @property
    def ref(self) -> str:
        return f"${{{self.name}}}"

    def att(self, name: str) -> str:
        return f"${{{self.name}.{name}}}"


@dataclass(frozen=True)
class Rule:
    """Who is let in by a security group, on which ports."""

    source: str
    protocol: str
    ports: tuple[Any, Any]


class Template:
    """What the stack really declares."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.body = body
        self.resources = {
            name: Resource(
                name=name,
                kind=each["Type"],
                properties=plain(each.get("Properties", {})),
                policies=(
                    each.get("DeletionPolicy", "Delete"),
                    each.get("UpdateReplacePolicy", "Delete"),
                ),
            )
            for name, each in body["Resources"].items()
        }
        self.outputs: dict[str, str] = {
            name: plain(each["Value"]) for name, each in body.get("Outputs", {}).items()
        }

    def all(self, kind: str) -> list[Resource]:
        """Every resource of a kind, such as `S3::Bucket`."""
        return [each for each in self.resources.values() if each.kind == f"AWS::{kind}"]

    def one(self, kind: str) -> Resource:
        """The only resource of a kind."""
        (found,) = self.all(kind)
        return found

    def at(self, reference: str) -> Resource | None:
        """The resource that `${Name}` or `${Name.Attribute}`, at the start of a text, names."""
        if not reference.startswith("${"):
            return None
        return self.resources.get(reference[2:].split("}")[0].split(".")[0])

    @property
    def container(self) -> dict[str, Any]:
        """The server's container definition."""
        (found,) = self.one("ECS::TaskDefinition")["ContainerDefinitions"]
        return found

    @property
    def variables(self) -> dict[str, str]:
        """The container's variables."""
        return {each["Name"]: each["Value"] for each in self.container.get("Environment", [])}

    @property
    def artifacts(self) -> Resource:
        """The bucket that the server keeps artifacts in."""
        variables = self.variables
        uri = variables.get("MLFLOW_ARTIFACTS_DESTINATION") or variables.get(
            "MLFLOW_DEFAULT_ARTIFACT_ROOT", ""
        )
        found = self.at(uri.removeprefix("s3://"))
        assert found is not None, f"the server keeps artifacts elsewhere: {uri}"
        return found

    @property
    def server_groups(self) -> list[str]:
        """The security groups of the server's tasks."""
        network = self.one("ECS::Service")["NetworkConfiguration"]
        return network["AwsvpcConfiguration"]["SecurityGroups"]

    def ingress(self, group: str) -> list[Rule]:
        """Who is let in by a group, wherever that is declared."""
        owner = self.at(group)
        rules = list(owner.get("SecurityGroupIngress", [])) if owner else []
        rules += [
            each.properties
            for each in self.all("EC2::SecurityGroupIngress")
            if each.get("GroupId") == group
        ]
        return [_rule(each) for each in rules]

    def statements(self, role: Resource) -> Iterator[dict[str, Any]]:
        """Every policy statement that a role has, its own or by a policy that names it."""
        documents = [each["PolicyDocument"] for each in role.get("Policies", [])]
        for kind in ("IAM::Policy", "IAM::ManagedPolicy", "IAM::RolePolicy"):
            documents += [
                each["PolicyDocument"]
                for each in self.all(kind)
                if role.ref in (*each.get("Roles", []), each.get("RoleName"))
            ]
        for document in documents:
            yield from listed(document["Statement"])

    def subnets_reach_out(self, subnets: list[str]) -> bool:
        """Whether a subnet has a route out of the network, by a gateway or a NAT."""
        tables = {
            each["RouteTableId"]
            for each in self.all("EC2::SubnetRouteTableAssociation")
            if each["SubnetId"] in subnets
        }
        return any(each["RouteTableId"] in tables for each in self.all("EC2::Route"))


def _rule(properties: Mapping[str, Any]) -> Rule:
    sources = (
        "CidrIp",
        "CidrIpv6",
        "SourcePrefixListId",
        "SourceSecurityGroupId",
        "SourceSecurityGroupName",
    )
    found = [properties[key] for key in sources if key in properties]
    return Rule(
        source=found[0] if found else "nobody",
        protocol=str(properties.get("IpProtocol")),
        ports=(properties.get("FromPort"), properties.get("ToPort")),
    )
