"""What a Pulumi program really registers, request by request, without an engine or a cloud.

The mocks of Pulumi's own SDK hide `depends_on`, `protect`, `retain_on_delete` and which values are
secret. So the monitor here keeps the requests as they go to the engine, and answers as the engine
does: what is secret in an input, or named in `additionalSecretOutputs`, is secret as an output.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from google.protobuf.struct_pb2 import (  # made at run time, so checkers do not see them
    Struct,  # ty: ignore[import-not-found] - see above
    Value,  # ty: ignore[import-not-found] - see above
)
from pulumi.runtime import set_all_config
from pulumi.runtime.mocks import MockEngine, MockMonitor, Mocks
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import Settings, configure, set_root_resource
from pulumi.runtime.stack import run_in_stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from google.protobuf.empty_pb2 import Empty  # ty: ignore[import-not-found] - made at run time

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What stands, in a preview, for a value that only the cloud can tell."""

Inputs = dict[str, Any]


@dataclass(frozen=True)
class Registered:
    """One resource as the engine is asked for it."""

    request: resource_pb2.RegisterResourceRequest
    """The raw request, for what is not repeated below: aliases, ignored changes, timeouts, …"""
    urn: str
    inputs: Inputs
    """As on the wire (camel case), secrets laid bare."""
    secrets: frozenset[str]
    """Paths of the inputs that are secret: `settings.password`, `env[0].value`."""

    @property
    def token(self) -> str:
        """Its type, such as `gcp:storage/bucket:Bucket`."""
        return self.request.type

    @property
    def name(self) -> str:
        return self.request.name

    @property
    def parent(self) -> str:
        """URN of the component that it is part of."""
        return self.request.parent

    @property
    def depends_on(self) -> frozenset[str]:
        """URNs of all that must be there before it, named outright or by an input."""
        return frozenset(self.request.dependencies)

    @property
    def is_protected(self) -> bool:
        return self.request.protect

    @property
    def is_retained(self) -> bool:
        """Whether a teardown leaves it in the cloud."""
        return self.request.retainOnDelete

    @property
    def secret_outputs(self) -> frozenset[str]:
        """Outputs that the program asks the engine to treat as secret."""
        return frozenset(self.request.additionalSecretOutputs)

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - JSON
        return self.inputs[key]

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 - JSON
        return self.inputs.get(key, default)


@dataclass
class Program:
    """All that one run of a program registered, each after what it depends on, and its exports."""

    resources: list[Registered] = field(default_factory=list)
    exports: dict[str, Any] = field(default_factory=dict)
    secret_exports: frozenset[str] = frozenset()

    def all(self, token: str) -> list[Registered]:
        """Every resource of a type."""
        return [each for each in self.resources if each.token == token]

    def one(self, token: str) -> Registered:
        """The only resource of a type."""
        (found,) = self.all(token)
        return found

    def at(self, urn: str) -> Registered:
        """The resource of a URN."""
        (found,) = (each for each in self.resources if each.urn == urn)
        return found


def register(
    program: Callable[[], None],
    *,
    project: str,
    stack: str,
    config: Mapping[str, str] | None = None,
    compute: Callable[[str, str, Inputs], Mapping[str, Any]] | None = None,
    invoke: Mapping[str, Callable[[Inputs], Inputs]] | None = None,
    is_preview: bool = False,
) -> Program:
    """Run `program` as the engine runs it, and return what it registers.

    `compute` gets the type, the name and the inputs of a resource, and returns what the cloud adds
    to them; an `id` there replaces the default, `<name>-id`. A preview asks for nothing and leaves
    it all unknown. `invoke` answers functions by token; one that is not there is an error.
    Each run has a context of its own, so runs in one process know nothing of each other.
    """
    monitor = _Monitor(compute=compute or _nothing, invoke=invoke or {}, is_preview=is_preview)

    async def run() -> None:
        program()

    def run_alone() -> None:
        set_root_resource(None)  # ty: ignore[invalid-argument-type] - what the SDK itself starts with
        set_all_config(dict(config or {}))
        configure(
            Settings(
                project=project,
                stack=stack,
                monitor=monitor,
                engine=MockEngine(logging.getLogger("pulumi")),
                dry_run=is_preview,
            )
        )
        asyncio.run(run_in_stack(run))

    contextvars.copy_context().run(run_alone)
    return monitor.program


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - JSON
    """Yield each value that holds no others, with its path as `Registered.secrets` has it."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from leaves(each, f"{path}[{index}]")
    else:
        yield path, value


def _nothing(_token: str, _name: str, _inputs: Inputs) -> Inputs:
    return {}


class _NoMocks(Mocks):
    """The monitor answers by itself: nothing is left to mock."""

    def call(self, args: object) -> Any:  # noqa: ANN401 - the SDK's
        raise AssertionError(args)

    def new_resource(self, args: object) -> Any:  # noqa: ANN401 - the SDK's
        raise AssertionError(args)


class _Monitor(MockMonitor):
    """Answers as the engine would, and keeps every request."""

    def __init__(
        self,
        *,
        compute: Callable[[str, str, Inputs], Mapping[str, Any]],
        invoke: Mapping[str, Callable[[Inputs], Inputs]],
        is_preview: bool,
    ) -> None:
        super().__init__(_NoMocks())
        self.program = Program()
        self._compute = compute
        self._invoke = invoke
        self._is_preview = is_preview
        self._stack = ""

    def RegisterResource(  # noqa: N802 - gRPC's
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == "pulumi:pulumi:Stack":
            self._stack = urn
            return resource_pb2.RegisterResourceResponse(urn=urn)
        read = _read(request.object)
        self.program.resources.append(Registered(request, urn, read.bare, read.secrets))
        if self._is_preview or not request.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)
        made = dict(self._compute(request.type, request.name, read.bare))
        identity = str(made.pop("id", f"{request.name}-id"))
        answer = Struct()
        answer.CopyFrom(request.object)
        for key, value in made.items():
            is_secret = key in request.additionalSecretOutputs
            answer.update({key: {SIGNATURE: SECRET, "value": value} if is_secret else value})
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identity, object=answer)

    def RegisterResourceOutputs(  # noqa: N802 - gRPC's
        self, request: resource_pb2.RegisterResourceOutputsRequest
    ) -> Empty:
        if request.urn == self._stack:
            read = _read(request.outputs)
            self.program.exports = read.bare
            self.program.secret_exports = read.secrets
        return super().RegisterResourceOutputs(request)

    def Invoke(  # noqa: N802 - gRPC's
        self, request: resource_pb2.ResourceInvokeRequest
    ) -> resource_pb2.ResourceInvokeResponse:
        answer = Struct()
        answer.update(self._invoke[request.tok](_read(request.args).bare))
        response = resource_pb2.ResourceInvokeResponse()
        getattr(response, "return").CopyFrom(answer)  # a keyword, so no argument of the constructor
        return response

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> None:  # noqa: N802 - gRPC's
        raise AssertionError(f"the program reads {request.type} {request.id}")


class _Read(NamedTuple):
    bare: Inputs
    secrets: frozenset[str]


def _read(struct: Struct) -> _Read:
    secrets: set[str] = set()
    value = Value(struct_value=struct)
    return _Read(_bare(value, "", secrets), frozenset(secrets))


def _bare(value: Value, path: str, secrets: set[str]) -> Any:  # noqa: ANN401 - JSON
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        fields = value.struct_value.fields
        if SIGNATURE in fields and fields[SIGNATURE].string_value == SECRET:
            secrets.add(path)
            return _bare(fields["value"], path, secrets)
        prefix = f"{path}." if path else ""
        return {key: _bare(each, prefix + key, secrets) for key, each in fields.items()}
    if kind == "list_value":
        return [
            _bare(each, f"{path}[{index}]", secrets)
            for index, each in enumerate(value.list_value.values)
        ]
    if kind == "number_value":
        return int(value.number_value) if value.number_value.is_integer() else value.number_value
    return None if kind in {None, "null_value"} else getattr(value, kind)
