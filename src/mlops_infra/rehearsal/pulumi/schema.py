"""What a resource takes and gives, read from the provider's own SDK classes.

The SDK's constructors let unknown keys in plain dictionaries and wrong enum texts through; the
real provider does not, and neither does this.
"""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Awaitable, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

import pulumi
from pulumi._types import (
    input_type_py_to_pulumi_names,
    input_type_types,
    is_input_type,
    resource_py_to_pulumi_names,
)

from mlops_infra.rehearsal.pulumi.wire import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.rehearsal.pulumi.description import Properties, ResourceType

INTERNAL = "__"
"""What the engine adds for itself, such as `__defaults`, begins with it."""


def arguments_of(resource: type[pulumi.Resource]) -> type:
    """Return the `…Args` class of an SDK's resource, `…InitArgs` where that name was taken."""
    module, name = sys.modules[resource.__module__], resource.__name__
    return getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args")


@cache
def output_names(resource: type[pulumi.Resource]) -> frozenset[str]:
    """Return all properties that a resource can have once it is there."""
    return frozenset(resource_py_to_pulumi_names(resource).values())


def mistakes(kind: ResourceType, inputs: Properties) -> Iterator[tuple[str, str]]:
    """Yield what the provider would refuse: the path, and why."""
    found = {name: value for name, value in inputs.items() if not name.startswith(INTERNAL)}
    yield from _in_object(found, arguments_of(kind.sdk), "")
    for path, allowed in kind.enums.items():
        for value in values_at(found, path):
            if value != UNKNOWN and value not in allowed:
                yield path, f"'{value}' is not one of {', '.join(sorted(allowed))}"


def values_at(value: Any, path: str) -> Iterator[Any]:  # noqa: ANN401 - any JSON value
    """Yield each value that a path leads to, through every list on the way."""
    if isinstance(value, list):
        for each in value:
            yield from values_at(each, path)
    elif not path:
        yield value
    elif isinstance(value, dict):
        name, _, rest = path.partition(".")
        if name in value:
            yield from values_at(value[name], rest)


@cache
def _fields(kind: type) -> tuple[dict[str, Any], frozenset[str]]:
    """Return the properties of an `…Args` class with their types, and which must be there."""
    names = input_type_py_to_pulumi_names(kind)
    parameters = inspect.signature(kind).parameters.values()
    required = frozenset(
        names[each.name] for each in parameters if each.default is inspect.Parameter.empty
    )
    return input_type_types(kind), required


def _in_object(value: Properties, kind: type, path: str) -> Iterator[tuple[str, str]]:
    known, required = _fields(kind)
    for name in sorted(required - value.keys()):
        yield _below(path, name), "is missing"
    for name, each in value.items():
        if name not in known:
            yield _below(path, name), f"is not a property of {kind.__name__.removesuffix('Args')}"
        else:
            yield from _in_value(each, known[name], _below(path, name))


def _in_value(value: Any, kind: Any, path: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON value of any type
    if value is None or value == UNKNOWN:
        return
    choices = list(_choices(kind))
    enums = [each for each in choices if isinstance(each, type) and issubclass(each, Enum)]
    if enums:
        allowed = [member.value for each in enums for member in each]
        if value not in allowed:
            yield path, f"'{value}' is not one of {', '.join(map(str, allowed))}"
        return
    found = [list(_in_one(value, each, path)) for each in choices]
    if found and all(found):
        yield from min(found, key=len)


def _in_one(value: Any, kind: Any, path: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON value of any type
    origin = get_origin(kind)
    if kind is Any:
        return
    if isinstance(kind, type) and is_input_type(kind):
        if isinstance(value, dict):
            yield from _in_object(value, kind, path)
        else:
            yield path, "is not an object"
    elif origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, dict):
            yield path, "is not a map"
            return
        for name, each in value.items():
            yield from _in_value(each, get_args(kind)[1], _below(path, name))
    elif origin is not None and issubclass(origin, Sequence):
        if not isinstance(value, list):
            yield path, "is not a list"
            return
        for each in value:
            yield from _in_value(each, get_args(kind)[0], path)
    elif not _is_scalar(value, kind):
        yield path, f"{value!r} is not a {kind.__name__}"


def _choices(kind: Any) -> Iterator[Any]:  # noqa: ANN401 - a type
    """Yield what a type allows, without what only a program can hold: outputs, awaitables."""
    if get_origin(kind) in {Union, types.UnionType}:
        for each in get_args(kind):
            yield from _choices(each)
    elif get_origin(kind) not in {Awaitable, pulumi.Output} and kind is not types.NoneType:
        yield kind


def _is_scalar(value: Any, kind: Any) -> bool:  # noqa: ANN401 - any JSON value of any type
    if kind is float or kind is int:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind is str or kind is bool:
        return isinstance(value, kind)
    return True


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
