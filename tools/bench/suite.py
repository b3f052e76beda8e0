"""Puts the measurements in an order that needs few starts, and gives each its target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.bench import measures
from tools.bench.bare import bare
from tools.bench.figures import Figure, Target, middle, undisturbed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tools.bench.load import Kind, Result
    from tools.bench.project import Auth, Environment, Project

SAME_WORKERS = "mlflow server, 2 workers, no jobs"
DEFAULT = "default command"
NAMES: dict[Kind, str] = {"get": "experiments/get", "log": "log-batch of 10 metrics"}
RATES: dict[tuple[Auth, Kind], float] = {
    ("none", "get"): 2.5,
    ("none", "log"): 1.8,
    ("basic", "get"): 20,
    ("basic", "log"): 10,
}
"""How many times the default command's requests per second each must reach, at least."""


def figures(project: Project, tell: Callable[[str], None]) -> Iterator[Figure]:
    """Measure everything; `tell` hears what comes next."""
    for auth in ("none", "basic"):
        environment = project.environment(f"auth-{auth}", auth=auth)
        if auth == "none":
            environment.deploy()
        else:
            yield _first_start(environment, tell)
        yield from _starts(environment, tell)
        yield from _serving(environment, tell)
        environment.run("teardown", "--delete-data", "--yes")


def _first_start(environment: Environment, tell: Callable[[str], None]) -> Figure:
    tell("first start")
    ours, other = measures.first_start(environment)
    return Figure(
        what=f"first deploy, auth {environment.auth}",
        value=ours,
        unit="s",
        other=other,
        other_name=f"{SAME_WORKERS}, empty database",
    )


def _starts(environment: Environment, tell: Callable[[str], None]) -> Iterator[Figure]:
    tell(f"auth {environment.auth}: {measures.START_PAIRS} pairs of starts")
    pairs = measures.starts(environment)
    yield Figure(
        what=f"deploy to healthy, auth {environment.auth}",
        value=middle([ours for ours, _ in pairs]),
        unit="s",
        other=middle([other for _, other in pairs]),
        other_name=SAME_WORKERS,
        target=Target(bound=1.3),
    )


def _serving(environment: Environment, tell: Callable[[str], None]) -> Iterator[Figure]:
    """Measure the environment beside the default command; its database runs, its server not."""
    auth = environment.auth
    memory = 0.0
    if auth == "basic":
        tell("memory at rest")
        environment.deploy()
        memory = measures.resting_memory(environment, environment.server)
        environment.server.stop()
    tell(f"auth {auth}: start of the default command")
    with bare(environment) as other:
        if auth == "basic":
            yield Figure(
                what="memory at rest, server and database, auth basic",
                value=memory,
                unit="MiB",
                other=measures.resting_memory(environment, other.group),
                other_name=DEFAULT,
                target=Target(bound=0.5),
            )
        other.group.settle()
        other.group.freeze()
        environment.deploy()
        environment.server.settle()
        if auth == "none":
            yield from _commands(environment, tell)
        tell(f"auth {auth}: 32 parallel log-batch calls")
        yield from _parallel(measures.parallel(environment, other), auth)
        tell(f"auth {auth}: {measures.WINDOWS} pairs of windows")
        found = measures.throughput(environment, other)
    for kind, pairs in found.items():
        yield _rate(auth, kind, pairs)
    results = [result for pairs in found.values() for pair in pairs for result in pair]
    yield Figure(
        what=f"cores that the client itself took at most, auth {auth}",
        value=max(result.client_share for result in results),
        unit="",
    )


def _commands(environment: Environment, tell: Callable[[str], None]) -> Iterator[Figure]:
    tell("commands")
    seconds = {name: middle(runs) for name, runs in measures.commands(environment).items()}
    for name, bound in (("help", 0.25), ("tracking-uri", 0.5)):
        yield Figure(
            what="mlops-infra --help" if name == "help" else "mlops-infra tracking-uri",
            value=seconds[name],
            unit="s",
            other=seconds["python"],
            other_name="python -c pass",
            target=Target(bound=bound, of_ratio=False, unit="s"),
        )


def _parallel(result: Result, auth: Auth) -> Iterator[Figure]:
    what = f"32 parallel log-batch, auth {auth}"
    calls = len(result.seconds)
    yield Figure(
        what=f"{what}: errors in {calls} calls",
        value=result.errors,
        unit="",
        target=Target(bound=0, of_ratio=False),
    )
    yield Figure(
        what=f"{what}: p99",
        value=result.seconds[int(calls * 0.99)],
        unit="s",
        target=Target(bound=2, of_ratio=False, unit="s"),
    )


def _rate(auth: Auth, kind: Kind, pairs: list[tuple[Result, Result]]) -> Figure:
    """Give the requests per second of both.

    Raises:
        RuntimeError: a request failed: a rate of errors is no rate.
    """
    if failed := sum(result.errors for pair in pairs for result in pair):
        raise RuntimeError(f"{failed} {NAMES[kind]} requests failed, auth {auth}")
    return Figure(
        what=f"{NAMES[kind]}, auth {auth}",
        value=undisturbed([ours.rate for ours, _ in pairs]),
        unit="requests/s",
        other=undisturbed([other.rate for _, other in pairs]),
        other_name=DEFAULT,
        target=Target(bound=RATES[auth, kind], at_least=True),
    )
