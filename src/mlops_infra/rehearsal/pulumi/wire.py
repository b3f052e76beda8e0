"""Properties as the engine sends them, and as it wants them: secrets, unknowns, whole numbers.

The signatures are Pulumi's (`pulumi.runtime.rpc`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import (
    Struct,  # ty: ignore[import-not-found] - protobuf makes its classes at run time
)
from pulumi.runtime.rpc import UNKNOWN, _special_secret_sig, _special_sig_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlops_infra.rehearsal.pulumi.description import Properties


def plain(message: Struct) -> Properties:
    """Return properties without their secret wrappers; what is unknown stays `UNKNOWN`."""
    return _plain(MessageToDict(message))


def secret_names(message: Struct) -> frozenset[str]:
    """Return the outermost properties that hold a secret, however deep."""
    return frozenset(name for name, value in MessageToDict(message).items() if _holds_secret(value))


def wired(properties: Properties, *, secret: Iterable[str] = ()) -> Struct:
    """Return properties for the engine, those in `secret` wrapped."""
    message = Struct()
    hidden = set(secret)
    message.update(
        {
            name: {_special_sig_key: _special_secret_sig, "value": value}
            if name in hidden
            else value
            for name, value in properties.items()
            if value is not None
        }
    )
    return message


def is_unknown(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Return whether a value, or anything in it, will only be known after the apply."""
    if isinstance(value, dict):
        return any(is_unknown(each) for each in value.values())
    if isinstance(value, list):
        return any(is_unknown(each) for each in value)
    return value == UNKNOWN


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        if value.get(_special_sig_key) == _special_secret_sig:
            return _plain(value["value"])
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _holds_secret(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        is_secret = value.get(_special_sig_key) == _special_secret_sig
        return is_secret or any(_holds_secret(each) for each in value.values())
    return isinstance(value, list) and any(_holds_secret(each) for each in value)
