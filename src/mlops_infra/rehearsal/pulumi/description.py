"""How an emulated provider is described: data, and small functions where the cloud computes.

Names, nesting, required inputs and enums are not repeated here: they are those of the provider's
own SDK classes, which `schema.py` reads. A description adds what no SDK says: ids, what the cloud
fills in, what forces a replacement, and what the cloud refuses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pulumi

    from mlops_infra.rehearsal.authority import Authority
    from mlops_infra.rehearsal.doors import Doors, Served
    from mlops_infra.rehearsal.pulumi.cloud import Cloud
    from mlops_infra.rehearsal.pulumi.web import Site

Properties = dict[str, Any]
"""Properties by their name on the wire (`camelCase`), plain: no secret wrappers."""


class CloudError(Exception):
    """The cloud's refusal, in its own words. Raise it from any function of a description."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """What a description's functions are told of the resource at hand."""

    inputs: Properties
    """As the program gave them, checked. A function is never called while one is unknown."""
    config: Mapping[str, str]
    """The provider's own configuration: `project`, `subscriptionId`, …"""
    cloud: Cloud
    id: str = ""
    """Empty until the resource has one."""
    old: Properties = field(default_factory=dict)
    """All properties before this change; empty in a create."""


def _nothing(_: Call) -> Properties:
    return {}


def _accept(_: Call) -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """One type of resource of an emulated cloud.

    A property path is `name`, or `outer.inner`; list positions are left out of it.
    """

    sdk: type[pulumi.Resource]
    """The SDK's class, such as `pulumi_gcp.storage.Bucket`; its `…Args` lies beside it."""
    id: Callable[[Call], str]
    """The id as the real cloud makes it. Two live resources of a type cannot share one."""
    computed: Callable[[Call], Properties] = _nothing
    """The outputs that the cloud fills in, inputs left out. Runs on create and on update."""
    replace_on: frozenset[str] = frozenset()
    """Paths of inputs whose change makes a new resource (deleted before it is made again)."""
    replace_on_less: frozenset[str] = frozenset()
    """Paths of numbers that can only grow: a smaller one makes a new resource."""
    enums: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Allowed values by path, where the SDK takes any text."""
    volatile: frozenset[str] = frozenset()
    """Outputs that a change makes anew, or that differ in shape from the input: so unknown then."""
    secret: frozenset[str] = frozenset()
    """Outputs that are secret whatever the inputs are."""
    write_only: frozenset[str] = frozenset()
    """Paths of inputs that the cloud never tells again, such as a password's: a read keeps what is
    known."""
    is_in_cloud: bool = True
    """False: it lives in the state file alone (a random password), and a read always finds it."""
    takes_over: bool = False
    """A create of what is there changes it, as real providers do with what has no owner."""
    before_create: Callable[[Call], None] = _accept
    """Refuses with `CloudError`: a missing parent, a reserved name. The id is there already."""
    after_create: Callable[[Call], None] = _accept
    """Makes what exists for real, such as a bucket in an object store."""
    before_update: Callable[[Call], None] = _accept
    """Refuses an update, or carries it out for real."""
    before_delete: Callable[[Call], None] = _accept
    """Refuses with `CloudError` (protected, in use), or deletes what exists for real."""
    after_delete: Callable[[Call], None] = _accept
    """Leaves what the cloud keeps: a soft-deleted vault is `call.cloud.put("deleted vault", …)`."""
    contains: bool = False
    """Whether its deletion takes along all resources whose id begins with its own and a slash."""

    @property
    def token(self) -> str:
        """The type's name on the wire, such as `gcp:storage/bucket:Bucket`."""
        return self.sdk.pulumi_type  # ty: ignore[missing-attribute] - set by pulumi.type_token


@dataclass(frozen=True, kw_only=True)
class Function:
    """One data source (`get…`, `list…`) of an emulated cloud."""

    token: str
    """Such as `gcp:organizations/getProject:getProject`."""
    arguments: frozenset[str]
    """The arguments that it knows."""
    answer: Callable[[Call], Properties]
    """Its result; the arguments are the call's `inputs`."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where what a provider has recorded is run."""

    folder: Path
    """For logs and data."""
    cloud: Cloud
    authority: Authority
    """Signs for public names; its clients trust nobody else."""
    doors: Doors
    """Where TLS for those names ends."""
    door: str
    """The URL of the proxy that leads to those names."""


class Running(Protocol):
    """What runs of an emulated cloud."""

    def run(self, kind: str, call: Call) -> Properties:
        """Run a resource that was made or is about to change; returns outputs that this adds.

        Raises:
            CloudError: it does not run. What ran before goes on.
        """
        ...

    def settle(self) -> None:
        """Stop what the cloud has no resource of any more."""
        ...

    def find(self, host: str) -> Served | None:
        """Return where a public name is served, or None where nobody serves it."""
        ...

    def stop(self) -> None:
        """End all of it, at once."""
        ...


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One emulated provider: everything that is not in it is an error."""

    name: str
    """The package on the wire: `gcp`, `azure-native`, `random`."""
    version: str
    types: tuple[ResourceType, ...]
    functions: tuple[Function, ...] = ()
    config: frozenset[str] = frozenset()
    """The configuration that it knows."""
    running: Callable[[Place], Running] | None = None
    """Starts to run what is recorded; None where there is nothing to run."""
    sites: tuple[Site, ...] = ()
    """What the cloud answers over HTTPS, to whoever asks without Pulumi."""
