"""What knows one cloud: what the engine asks of it without Pulumi. Its SDK comes only here.

azure.py gcp.py              what there is: state, secrets, how server and database are, the log
azure_needs.py gcp_needs.py  what a deploy needs
ids.py                       the ids that clouds make of names
remedies.py                  what mends a failure, by the cloud's own wording
vaults.py                    takes a deleted vault of Azure's back
rest.py                      one request to a cloud's API
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Protocol, cast

from mlops_infra.errors import PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType

    from mlops_infra.engines.pulumi.clouds.rest import Entry
    from mlops_infra.engines.pulumi.deployment import Deployment
    from mlops_infra.engines.pulumi.images import Login
    from mlops_infra.engines.questions import Question
    from mlops_infra.model import Component, Target


class CloudModule(Protocol):
    """What `azure.py` and `gcp.py` both are."""

    def registry_login(self, host: str) -> Login:
        """Return a login to the registry at `host`.

        Raises:
            PrerequisiteError: nobody is signed in to the cloud.
        """
        ...

    def stored(self, bucket: str, key: str, options: Mapping[str, str]) -> bytes | None:
        """Return an object of the bucket that holds the state, or None where there is none.

        `options` are those of its URL, as Pulumi takes them.
        """
        ...

    def keys(self, bucket: str, prefix: str, options: Mapping[str, str]) -> list[str]:
        """Return the names of the objects of that bucket that begin so."""
        ...

    def secret(self, reference: str) -> str:
        """Return what a secret holds by now, by what the stack exports of it.

        Raises:
            PrerequisiteError: whoever is signed in may not read it.
        """
        ...

    def components(self, deployment: Deployment) -> tuple[Component, ...]:
        """Return how the server and the database are, as the cloud sees them."""
        ...

    def log_entries(self, deployment: Deployment, *, since: str) -> Iterator[Entry]:
        """Yield the server's log, oldest line first, from the time `since` of an entry on.

        All of it without one. A line may come more than once.
        """
        ...


class NeedsModule(Protocol):
    """What `azure_needs.py` and `gcp_needs.py` both are."""

    PLACE: str
    """What the cloud calls what an environment is in, and the question that asks for it."""

    def clock(self) -> str:
        """Return the address of one that tells its time."""
        ...

    def questions(self, target: Target) -> tuple[Question, ...]:
        """Return what there is to ask of the cloud: `login`, `PLACE`, and what comes after."""
        ...

    def room(self, target: Target) -> str:
        """Return what of the limits is taken that a first deploy can run into.

        Raises:
            PrerequisiteError: one is full.
            InfraError: they may not be asked for.
        """
        ...


def cloud_of(target: Target) -> CloudModule:
    """Return the module of the target's cloud.

    Raises:
        PrerequisiteError: the cloud's extra is not installed.
    """
    return cast("CloudModule", _module(target, str(target.cloud)))


def needs_of(target: Target) -> NeedsModule:
    """Return the module that knows what a deploy needs of the target's cloud.

    Raises:
        PrerequisiteError: the cloud's extra is not installed.
    """
    return cast("NeedsModule", _module(target, f"{target.cloud}_needs"))


def _module(target: Target, name: str) -> ModuleType:
    try:
        return importlib.import_module(f"mlops_infra.engines.pulumi.clouds.{name}")
    except ModuleNotFoundError as error:
        raise PrerequisiteError(
            f"not installed: {error.name}", hint=f'pip install "mlops-infra[{target.cloud}]"'
        ) from error
