"""What a resource type is to CloudFormation, and how one is added to ministack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from mlops_infra.rehearsal.aws.innards import drift, provisioners

Props = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Schema:
    """What the CloudFormation registry says of a type; a test compares it with cfn-lint's copy."""

    name: str
    properties: frozenset[str]
    """What a template may set. A property that is not emulated is refused, not ignored."""
    required: frozenset[str] = frozenset()
    replacing: tuple[str, ...] = ()
    """Properties whose change makes a new resource."""
    is_tagged: bool = False


class ResourceType(Protocol):
    """One resource type: what it does in its service."""

    @property
    def schema(self) -> Schema: ...

    def create(self, logical_id: str, props: Props, stack: str) -> str:
        """Make it and return its physical id, which is what `Ref` returns."""
        ...

    def update(self, physical_id: str, old: Props, new: Props) -> None:
        """Change it in place."""
        ...

    def delete(self, physical_id: str, props: Props) -> None:
        """Remove it; one that is gone already is no error."""
        ...

    def attributes(self, physical_id: str, props: Props) -> Props:
        """Return what `Fn::GetAtt` returns."""
        ...

    def read(self, physical_id: str, props: Props) -> Props | None:
        """Return what it is now, in a template's terms, to detect drift; None if it is gone."""
        ...


def add(kind: ResourceType) -> None:
    """Teach ministack's CloudFormation one more resource type."""
    schema = kind.schema

    def create(logical_id: str, props: Props, stack: str) -> tuple[str, Props]:
        check(schema, logical_id, props)
        physical_id = kind.create(logical_id, props, stack)
        return physical_id, kind.attributes(physical_id, props)

    def update(physical_id: str, old: Props, new: Props, _: str, logical: str) -> tuple[str, Props]:
        check(schema, logical, new)
        kind.update(physical_id, old, new)
        return physical_id, kind.attributes(physical_id, new)

    provisioners._RESOURCE_HANDLERS[schema.name] = {  # noqa: SLF001 - ministack has no public registry
        "create": create,
        "update": update,
        "update_with_logical_id": True,
        "delete": kind.delete,
    }
    provisioners._REPLACING_PROPERTIES[schema.name] = schema.replacing  # noqa: SLF001 - as above
    readable = schema.properties - {"Tags"}
    drift._DRIFT_READERS[schema.name] = (kind.read, readable)  # noqa: SLF001 - as above
    if schema.is_tagged:
        provisioners._STACK_TAG_PROPERTY[schema.name] = ("Tags", "list")  # noqa: SLF001 - as above


def check(schema: Schema, logical_id: str, props: Props) -> None:
    """Refuse what the schema refuses, in CloudFormation's words.

    Raises:
        ValueError: a property is missing or unknown.
    """
    wrong = [f"#: required key [{key}] not found" for key in sorted(schema.required - props.keys())]
    wrong += [
        f"#: extraneous key [{key}] is not permitted"
        for key in sorted(props.keys() - schema.properties)
    ]
    if wrong:
        raise ValueError(
            f"Properties validation failed for resource {logical_id} with message:\n"
            f"[{', '.join(wrong)}]"
        )


def refuse(kind: str, message: str, *, status: int = 400) -> ValueError:
    """Return a service's refusal as CloudFormation reports it."""
    service = kind.split("::")[1]
    return ValueError(provisioners._sdk_error(message, service, status))  # noqa: SLF001 - its one wording
