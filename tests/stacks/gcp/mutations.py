"""Ways to break each control on purpose: one change of what is registered each, in a sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.stacks import scorecard
from tests.stacks.gcp.declared import PROVIDER, SERVICE
from tests.stacks.registered import Registered, resource_pb2

if TYPE_CHECKING:
    from tests.stacks.registered import Program

FRONT, SERVER = "template.containers.0", "template.containers.1"


class Edit:
    """Changes what was registered in place. A path is of keys and indexes."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def named(self, token: str, name: str = "") -> list[Registered]:
        """Every resource of a type whose name has `name` in it; there must be one."""
        found = [each for each in self.program.all(token) if name in each.name]
        assert found, f"no {token} {name} to change"
        return found

    def put(self, token: str, path: str, value: object, name: str = "") -> None:
        """Set one input of every such resource."""
        for each in self.named(token, name):
            inner, key = scorecard.slot(each.inputs, path)
            inner[key] = value

    def drop(self, token: str, path: str, name: str = "") -> None:
        """Remove one input of every such resource."""
        for each in self.named(token, name):
            inner, key = scorecard.slot(each.inputs, path)
            del inner[key]

    def option(self, token: str, option: str, value: object, name: str = "") -> None:
        """Set one option: `protect`, `retainOnDelete`, `provider`."""
        for each in self.named(token, name):
            setattr(each.request, option, value)

    def add(self, token: str, **inputs: object) -> None:
        """Add a resource, by the stack's own provider."""
        provider = f"{self.program.one(PROVIDER).urn}::id"
        request = resource_pb2.RegisterResourceRequest(
            type=token, name="added", custom=True, provider=provider
        )
        self.program.resources.append(
            Registered(request, f"urn:pulumi:x::y::{token}::added", dict(inputs), frozenset())
        )

    def remove(self, token: str, name: str = "") -> None:
        """Remove every such resource."""
        gone = self.named(token, name)
        self.program.resources[:] = [
            each for each in self.program.resources if not any(each is one for one in gone)
        ]

    def bare(self, token: str, name: str = "") -> None:
        """Give the secret inputs of every such resource in clear."""
        for each in self.named(token, name):
            index = next(i for i, one in enumerate(self.program.resources) if one is each)
            self.program.resources[index] = replace(each, secrets=frozenset())

    def variable(self, name: str, value: str) -> None:
        """Set a plain variable of the server's, which may be new or a secret before."""
        envs = self.named(SERVICE)[0]["template"]["containers"][1]["envs"]
        envs[:] = [each for each in envs if each["name"] != name]
        envs.append({"name": name, "value": value})

    def injected(self, name: str, **reference: str) -> None:
        """Change which version of which secret a variable of the server's is."""
        for each in self.named(SERVICE)[0]["template"]["containers"][1]["envs"]:
            if each["name"] == name:
                each["valueSource"]["secretKeyRef"].update(reference)


Mutation = scorecard.Mutation[Edit]
