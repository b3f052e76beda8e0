"""Speaks Pulumi's provider protocol for one emulated provider.

Each provider resource of a program has a connection of its own, and with it a configuration of its
own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import grpc
from google.protobuf.empty_pb2 import (
    Empty,  # ty: ignore[import-not-found] - protobuf makes its classes at run time
)
from pulumi.runtime.proto import plugin_pb2, provider_pb2, status_pb2
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer

from mlops_infra.rehearsal.pulumi.description import Call, CloudError
from mlops_infra.rehearsal.pulumi.diff import differences
from mlops_infra.rehearsal.pulumi.lifecycle import Lifecycle
from mlops_infra.rehearsal.pulumi.schema import INTERNAL, mistakes
from mlops_infra.rehearsal.pulumi.wire import Struct, plain, secret_names, wired

if TYPE_CHECKING:
    from mlops_infra.rehearsal.faults import Faults
    from mlops_infra.rehearsal.pulumi.cloud import Cloud
    from mlops_infra.rehearsal.pulumi.description import Provider, ResourceType, Running

PARTIAL = "partial create"
"""The fault `Faults.fail_next(…, operation=PARTIAL)`: it is there, and not ready."""


class Servicer(ResourceProviderServicer):
    """Answers an engine from descriptions; what they do not hold is an error."""

    def __init__(
        self, provider: Provider, cloud: Cloud, faults: Faults, running: Running | None = None
    ) -> None:
        self._provider = provider
        self._running = running
        self._types = {kind.token: kind for kind in provider.types}
        self._functions = {each.token: each for each in provider.functions}
        self._cloud = cloud
        self._faults = faults
        self._config: dict[str, dict[str, str]] = {}

    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> Empty:  # noqa: ARG002, N802 - the protocol's
        return Empty()

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:  # noqa: ARG002, N802 - the protocol's
        return Empty()

    def GetPluginInfo(  # noqa: N802 - the protocol's
        self,
        request: Empty,  # noqa: ARG002 - the protocol's
        context: grpc.ServicerContext,  # noqa: ARG002 - the protocol's
    ) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self._provider.version)

    def CheckConfig(  # noqa: N802 - the protocol's
        self,
        request: provider_pb2.CheckRequest,
        context: grpc.ServicerContext,  # noqa: ARG002 - the protocol's
    ) -> provider_pb2.CheckResponse:
        known = self._provider.config | {"version", "pluginDownloadURL"}
        unknown = plain(request.news).keys() - known
        failures = [
            provider_pb2.CheckFailure(property=each, reason="the provider has no such setting")
            for each in sorted(unknown)
            if not each.startswith(INTERNAL)
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(  # noqa: N802 - the protocol's
        self,
        request: provider_pb2.DiffRequest,
        context: grpc.ServicerContext,  # noqa: ARG002 - the protocol's
    ) -> provider_pb2.DiffResponse:
        # A provider of another project or subscription is another place: replace what is in it.
        old, new = plain(request.olds), plain(request.news)
        names = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
        replaces = [name for name in names if name in {"project", "subscriptionId"}]
        changes = provider_pb2.DiffResponse.DIFF_SOME if names else _NONE
        return provider_pb2.DiffResponse(changes=changes, diffs=names, replaces=replaces)

    def Configure(  # noqa: N802 - the protocol's
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        self._config[context.peer()] = {
            name: str(value) for name, value in plain(request.args).items()
        }
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(  # noqa: N802 - the protocol's
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        kind = self._type(request.urn, context)
        failures = [
            provider_pb2.CheckFailure(property=path, reason=reason)
            for path, reason in mistakes(kind, plain(request.news))
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def Diff(  # noqa: N802 - the protocol's
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        kind = self._type(request.urn, context)
        found = differences(kind, plain(request.old_inputs), plain(request.news))
        detail = {
            each.path: provider_pb2.PropertyDiff(
                kind=f"{each.kind}_REPLACE" if each.replaces else each.kind, inputDiff=True
            )
            for each in found
        }
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if found else _NONE,
            diffs=sorted({_outermost(each.path) for each in found}),
            replaces=sorted({_outermost(each.path) for each in found if each.replaces}),
            detailedDiff=detail,
            hasDetailedDiff=True,
            # Names are the program's own, so the old one has to make room.
            deleteBeforeReplace=True,
        )

    def Create(  # noqa: N802 - the protocol's
        self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CreateResponse:
        kind = self._type(request.urn, context)
        inputs = plain(request.properties)
        life = self._life(kind, context)
        if request.preview:
            outputs = _answer(life.preview_create(inputs), kind, request.properties)
            return provider_pb2.CreateResponse(properties=outputs)
        try:
            self._strike(kind, "create", context)
            made = life.create(inputs)
        except CloudError as error:
            _refuse(context, str(error))
        outputs = _answer(made.outputs, kind, request.properties)
        self._faults.wait(kind.token, "created")
        try:
            self._strike(kind, PARTIAL, context)
        except CloudError as error:
            _refuse_half_made(context, made.id, request.properties, outputs, str(error))
        return provider_pb2.CreateResponse(id=made.id, properties=outputs)

    def Read(  # noqa: N802 - the protocol's
        self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        kind = self._type(request.urn, context)
        try:
            self._strike(kind, "read", context)
        except CloudError as error:
            _refuse(context, str(error))
        found = self._life(kind, context).read(
            request.id, plain(request.inputs), plain(request.properties)
        )
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=found.id,
            properties=_answer(found.outputs, kind, request.inputs),
            inputs=wired(found.inputs, secret=secret_names(request.inputs)),
        )

    def Update(  # noqa: N802 - the protocol's
        self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.UpdateResponse:
        kind = self._type(request.urn, context)
        inputs, old = plain(request.news), plain(request.olds)
        life = self._life(kind, context)
        try:
            if request.preview:
                outputs = life.preview_update(inputs, old)
            else:
                self._strike(kind, "update", context)
                outputs = life.update(request.id, inputs, old)
                self._faults.wait(kind.token, "updated")
        except CloudError as error:
            _refuse(context, str(error))
        return provider_pb2.UpdateResponse(properties=_answer(outputs, kind, request.news))

    def Delete(  # noqa: N802 - the protocol's
        self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext
    ) -> Empty:
        kind = self._type(request.urn, context)
        try:
            self._strike(kind, "delete", context)
            self._life(kind, context).delete(
                request.id, plain(request.old_inputs), plain(request.properties)
            )
        except CloudError as error:
            _refuse(context, str(error))
        self._faults.wait(kind.token, "deleted")
        return Empty()

    def Invoke(  # noqa: N802 - the protocol's
        self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.InvokeResponse:
        function = self._functions.get(request.tok)
        if function is None:
            _refuse(context, f"the emulated cloud has no function '{request.tok}'")
        arguments = plain(request.args)
        unknown = arguments.keys() - function.arguments
        if unknown:
            _refuse(context, f"{request.tok} has no argument {', '.join(sorted(unknown))}")
        call = Call(inputs=arguments, config=self._config_of(context), cloud=self._cloud)
        try:
            answer = wired(function.answer(call))
        except CloudError as error:
            _refuse(context, str(error))
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(answer)
        return response

    def _type(self, urn: str, context: grpc.ServicerContext) -> ResourceType:
        token = urn.split("::")[2].rpartition("$")[2]
        kind = self._types.get(token)
        if kind is None:
            _refuse(context, f"the emulated cloud has no resource type '{token}'")
        return kind

    def _life(self, kind: ResourceType, context: grpc.ServicerContext) -> Lifecycle:
        return Lifecycle(
            kind=kind,
            cloud=self._cloud,
            config=self._config_of(context),
            running=self._running,
        )

    def _config_of(self, context: grpc.ServicerContext) -> dict[str, str]:
        return self._config.get(context.peer(), {})

    def _strike(self, kind: ResourceType, operation: str, context: grpc.ServicerContext) -> None:
        try:
            self._faults.strike(kind.token, operation)
        except RuntimeError as error:
            raise CloudError(str(error)) from error
        if not context.is_active():  # a provider dies with its engine, and asks the cloud no more
            raise CloudError("the engine that asked for it is gone")


_NONE = provider_pb2.DiffResponse.DIFF_NONE


def _answer(outputs: dict, kind: ResourceType, inputs: Struct) -> Struct:
    """Return outputs as a real provider does: what was made from a secret input is secret, too."""
    return wired(outputs, secret=secret_names(inputs) | kind.secret)


def _outermost(path: str) -> str:
    return path.partition(".")[0].partition("[")[0]


def _refuse(context: grpc.ServicerContext, message: str) -> NoReturn:
    context.abort(grpc.StatusCode.UNKNOWN, message)
    raise AssertionError("abort raises")


def _refuse_half_made(
    context: grpc.ServicerContext, resource_id: str, inputs: Struct, outputs: Struct, why: str
) -> NoReturn:
    """End a create with word that the resource is there, and not ready."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=resource_id, properties=outputs, inputs=inputs, reasons=[why]
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=why)
    status.details.add().Pack(detail)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    _refuse(context, why)
