"""The life of one resource in an emulated cloud, as its real provider would carry it out."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlops_infra.rehearsal.pulumi.cloud import Cloud, Resource
from mlops_infra.rehearsal.pulumi.description import Call, CloudError
from mlops_infra.rehearsal.pulumi.schema import INTERNAL, output_names
from mlops_infra.rehearsal.pulumi.wire import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_infra.rehearsal.pulumi.description import Properties, ResourceType, Running


@dataclass(frozen=True, kw_only=True)
class Found:
    """A resource as its provider tells of it."""

    id: str
    inputs: Properties
    outputs: Properties


@dataclass(frozen=True, kw_only=True)
class Lifecycle:
    """Creates, reads, updates and deletes resources of one type."""

    kind: ResourceType
    cloud: Cloud
    config: Mapping[str, str]
    running: Running | None = None
    """What runs of the cloud; None where it only records."""

    def preview_create(self, inputs: Properties) -> Properties:
        """Return the properties so far: what the cloud fills in is unknown."""
        computed = output_names(self.kind.sdk) - inputs.keys()
        return {**inputs, **dict.fromkeys(computed | self.kind.volatile, UNKNOWN)}

    def preview_update(self, inputs: Properties, old: Properties) -> Properties:
        """Return the properties so far: what the cloud filled in stays, unless it is volatile."""
        computed = old.keys() & (output_names(self.kind.sdk) - inputs.keys())
        return {
            **{name: old[name] for name in computed},
            **inputs,
            **dict.fromkeys(self.kind.volatile, UNKNOWN),
        }

    def create(self, inputs: Properties) -> Found:
        """Make a resource.

        Raises:
            CloudError: the cloud refuses, the name is taken, or it does not run.
        """
        call = Call(inputs=_own(inputs), config=self.config, cloud=self.cloud)
        call = replace(call, id=self.kind.id(call))
        is_refused = self.kind.is_in_cloud and not self.kind.takes_over
        if is_refused and self.cloud.get(self.kind.token, call.id):
            raise CloudError(f"already exists: {self.kind.token} '{call.id}'")
        self.kind.before_create(call)
        made = Resource(inputs=call.inputs, outputs={**call.inputs, **self._computed(call)})
        if self.kind.takes_over:
            self.cloud.put(self.kind.token, call.id, made)
        elif self.kind.is_in_cloud and not self.cloud.add(self.kind.token, call.id, made):
            raise CloudError(f"already exists: {self.kind.token} '{call.id}'")
        self.kind.after_create(call)
        if self.running:
            try:
                added = self.running.run(self.kind.token, call)
            except CloudError:
                self.cloud.delete(self.kind.token, call.id)
                raise
            made = replace(made, outputs={**made.outputs, **added})
            if added:
                self.cloud.put(self.kind.token, call.id, made)
        return Found(id=call.id, inputs=made.inputs, outputs=made.outputs)

    def read(self, resource_id: str, inputs: Properties, outputs: Properties) -> Found | None:
        """Return what is there, or None. Without known `inputs` (an import) it returns them all."""
        if not self.kind.is_in_cloud:
            return Found(id=resource_id, inputs=inputs, outputs=outputs) if outputs else None
        live = self.cloud.get(self.kind.token, resource_id)
        if live is None:
            return None
        told = live.inputs
        kept: Properties = {}
        if inputs:
            # What was never asked for is not the program's business, even if the cloud tells it.
            told = {name: value for name, value in told.items() if name in inputs}
            kept = {name: value for name, value in inputs.items() if name.startswith(INTERNAL)}
        found, shown = copy.deepcopy(told), copy.deepcopy(live.outputs)
        for path in self.kind.write_only:
            for each in (found, shown):
                _restore(each, inputs, path.split("."))
        return Found(id=resource_id, inputs={**found, **kept}, outputs={**shown, **kept})

    def update(self, resource_id: str, inputs: Properties, old: Properties) -> Properties:
        """Change a resource and return all its properties.

        Raises:
            CloudError: the cloud refuses, there is none any more, or the new one does not run.
        """
        call = Call(
            inputs=_own(inputs), config=self.config, cloud=self.cloud, id=resource_id, old=old
        )
        if self.kind.is_in_cloud and not self.cloud.get(self.kind.token, resource_id):
            raise CloudError(f"not found: {self.kind.token} '{resource_id}'")
        self.kind.before_update(call)
        outputs = {**call.inputs, **self._computed(call)}
        if self.running:
            outputs |= self.running.run(self.kind.token, call)
        if self.kind.is_in_cloud:
            self.cloud.put(
                self.kind.token, resource_id, Resource(inputs=call.inputs, outputs=outputs)
            )
        return outputs

    def delete(self, resource_id: str, inputs: Properties, old: Properties) -> None:
        """Delete a resource; one that is gone already is none to complain of.

        Raises:
            CloudError: the cloud refuses.
        """
        if not self.kind.is_in_cloud:
            return
        live = self.cloud.get(self.kind.token, resource_id)
        if live is None:
            return
        call = Call(
            inputs=_own(inputs or live.inputs),
            config=self.config,
            cloud=self.cloud,
            id=resource_id,
            old=live.outputs or old,
        )
        self.kind.before_delete(call)
        self.cloud.delete(self.kind.token, resource_id)
        if self.kind.contains:
            self.cloud.delete_within(resource_id)
        self.kind.after_delete(call)
        if self.running:
            self.running.settle()

    def _computed(self, call: Call) -> Properties:
        found = self.kind.computed(call)
        unknown = found.keys() - output_names(self.kind.sdk)
        if unknown:
            raise CloudError(f"{self.kind.token} has no output {', '.join(sorted(unknown))}")
        return found


def _restore(told: Properties, known: Properties, path: list[str]) -> None:
    """Put what is known at a path in the place of what the cloud never tells."""
    name, *rest = path
    if rest and isinstance(told.get(name), dict):
        _restore(told[name], known.get(name) or {}, rest)
    elif name in known:
        told[name] = known[name]
    else:
        told.pop(name, None)


def _own(inputs: Properties) -> Properties:
    return {name: value for name, value in inputs.items() if not name.startswith(INTERNAL)}
