"""What the scorecards of all clouds share: which controls there are, and how one is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import ModuleType

NUMBERS = (*range(1, 18), 19)
"""Control 18 is about whom CI deploys as, which the platform is no part of: `test_deployer.py` of
each cloud."""

Edit = TypeVar("Edit")


class Mutation(NamedTuple, Generic[Edit]):
    """A change that breaks a control, and what somebody would have done."""

    control: int
    sentence: str
    change: Callable[[Edit], object]
    variant: str = "prod"

    def __str__(self) -> str:
        return f"{self.control:02}: {self.sentence}"


def controls(*modules: ModuleType) -> dict[int, Callable[..., Iterator[str]]]:
    """Return every control of these modules by its number: `control_04` is number 4."""
    functions = {name: each for module in modules for name, each in vars(module).items()}
    return {number: functions[f"control_{number:02}"] for number in NUMBERS}


def slot(inner: Any, path: str) -> tuple[Any, Any]:  # noqa: ANN401 - JSON
    """Return what holds the value at a path of keys and indexes, and its key there."""
    *steps, last = (int(each) if each.isdigit() else each for each in path.split("."))
    for step in steps:
        inner = inner[step]
    return inner, last


def middleware_violations(variables: Mapping[str, str], host: str) -> Iterator[str]:
    """Yield what MLflow's security middleware is told other than the front door's host, `host`."""
    wanted = {f"{name}{port}" for name in (host, "localhost", "127.0.0.1") for port in ("", ":*")}
    allowed = set(variables.get("MLFLOW_SERVER_ALLOWED_HOSTS", "*").split(","))
    if allowed != wanted:
        yield f"allowed hosts are {sorted(allowed)}, not {sorted(wanted)}"
    origins = variables.get("MLFLOW_SERVER_CORS_ALLOWED_ORIGINS")
    if origins != f"https://{host}":
        yield f"allowed origins are {origins}"
    if variables.get("MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE", "false") != "false":
        yield "the server does not look at Host and Origin at all"
