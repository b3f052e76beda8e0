"""Emulated clouds that the real Pulumi engine deploys to, behind its own provider protocol.

emulator.py     starts and stops them as one process; `environ` is what an engine needs
description.py  how a provider is described: ResourceType, Function, Provider
schema.py       what a resource takes and gives, read from the SDK's classes: unknown is an error
cloud.py        what is there: a file that outlives engines and emulator, changeable by hand
lifecycle.py    create, read, update, delete as the real providers do them
diff.py         what changes, and what makes a new resource
servicer.py     the provider protocol: the one place that speaks gRPC
wire.py         secrets, unknowns and numbers as the protocol writes them
random.py       the provider `random`
stores.py       object stores for Pulumi's state, which are others' emulators

A provider of one's own is a module with a `PROVIDER`, named to `EmulatedClouds`.
"""

from mlops_infra.rehearsal.pulumi.emulator import EmulatedClouds

__all__ = ["EmulatedClouds"]
