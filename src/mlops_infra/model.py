"""What engines and the command line say to each other: frozen values, no behaviour, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from mlops_infra.config.models import Cloud, Environment


@dataclass(frozen=True, kw_only=True)
class Target:
    """One environment on one cloud: what every engine verb acts on."""

    environment: Environment
    cloud: Cloud
    project_dir: Path

    def __str__(self) -> str:
        return f"{self.environment.name} on {self.cloud}"


class Goal(StrEnum):
    """What a plan is for."""

    DEPLOY = "deploy"
    TEARDOWN = "teardown"
    BOOTSTRAP = "bootstrap"
    """What must exist in the account before its first deploy."""


class Verdict(StrEnum):
    """How one thing is that a deploy needs."""

    OK = "ok"
    MISSING = "missing"
    BUSY = "busy"
    """Somebody else has it: a deploy waits for them, or is refused."""
    UNKNOWN = "unknown"
    """It cannot be asked for; a deploy goes on, and may meet it."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that a deploy needs, and how it is."""

    name: str
    verdict: Verdict
    detail: str
    """What there is, or what is wrong."""
    remedy: str = ""
    """The command that mends it; empty where it is ok."""

    @property
    def is_in_the_way(self) -> bool:
        """Whether a deploy would fail now."""
        return self.verdict in {Verdict.MISSING, Verdict.BUSY}


class Action(StrEnum):
    """What happens to one resource. The first three lose or interrupt something: shown first."""

    DELETE = "delete"
    REPLACE = "replace"
    STOP = "stop"
    RESTART = "restart"
    CREATE = "create"
    UPDATE = "update"
    START = "start"
    KEEP = "keep"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One resource that a plan would touch, and why."""

    action: Action
    resource: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What `apply` will do, exactly.

    `token` is the engine's own (a change set, a saved plan): nobody else reads it.
    """

    target: Target
    goal: Goal
    changes: tuple[Change, ...]
    delete_data: bool = False
    token: object = field(default=None, repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change; what is only kept is no change."""
        return all(change.action is Action.KEEP for change in self.changes)


@dataclass(frozen=True, kw_only=True)
class Event:
    """One step of a running plan, for a person who waits: it begins, and then is done or failed.

    A resource has one step at a time: what ends is what began last.
    """

    resource: str
    message: str
    done: bool = False
    failed: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """What a deploy yields. The same keys on every cloud, none of them secret."""

    tracking_uri: str
    artifact_uri: str
    """Where the server keeps artifacts; clients reach them through `tracking_uri`."""
    health_url: str
    mlflow_version: str


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What a client logs in with. Never printed but by `login`."""

    username: str
    password: str = field(repr=False)


class Publish(Protocol):
    """What a program of `azure` or `gcp` tells which images its server is made of."""

    def __call__(self, reference: str, context: Path, /) -> Callable[[], None]:
        """Note that the image of a folder is needed; return what pushes it to `reference`."""
        ...


class State(StrEnum):
    """How one part of a platform is."""

    RUNNING = "running"
    STARTING = "starting"
    STOPPED = "stopped"
    ABSENT = "absent"


@dataclass(frozen=True, kw_only=True)
class Component:
    """One part of a platform as its cloud sees it."""

    name: str
    state: State
    detail: str = ""

    @property
    def is_down(self) -> bool:
        """Whether nobody is even starting it."""
        return self.state in {State.STOPPED, State.ABSENT}


@dataclass(frozen=True, kw_only=True)
class Status:
    """What runs of an environment. Whether it works is asked of the server itself."""

    components: tuple[Component, ...]
    outputs: Outputs | None = None
    since: datetime | None = None

    @property
    def is_deployed(self) -> bool:
        """Whether a deploy has finished that no teardown has undone."""
        return self.outputs is not None


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that is not as the last deploy left it: somebody or something else changed it."""

    resource: str
    what: str
    """The path of a property, as its cloud spells it, or `DELETED`."""
    expected: str = ""
    actual: str = ""


DELETED = "deleted"
"""What is different about a resource that is not there any more."""


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """One line of one component's log."""

    component: str
    text: str
