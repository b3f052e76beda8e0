"""Proves that a tracking server works, over its public API alone.

    smoke ── session.py   the server under test, and a process that is left as it was found
          ├─ door.py      what an HTTP client sees: health, version, login, hosts and origins
          └─ work.py      what a data scientist does, and the clean-up after it

A check is a function of the session that returns what is worth knowing or raises what is wrong;
its name is what a person reads. Everything is made under one random name, so that any number of
smokes may run at once, and is found by that name again when it is removed.

Nothing heavier than the standard library is imported before `smoke` is called.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mlops_infra.smoke import door, work
from mlops_infra.smoke.session import open_session, quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlops_infra.model import Credentials, Outputs
    from mlops_infra.smoke.session import Session

__all__ = ["Check", "smoke"]


class CheckFunction(Protocol):
    """Returns what is worth knowing, or raises what is wrong."""

    __name__: str

    def __call__(self, session: Session, /) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was tried on the server. `detail` is one line, without secrets."""

    name: str
    ok: bool
    detail: str = ""
    seconds: float = 0.0


def smoke(
    outputs: Outputs,
    credentials: Credentials | None,
    *,
    on_check: Callable[[Check], None],
    artifact_mib: int = 40,
) -> list[Check]:
    """Try everything that clients need of the server; return how each check went, in order.

    Each check is also given to `on_check` as it ends. A failed check stops only what cannot work
    without it. What was made is removed at the end, after failures and Ctrl-C, too. The artifact
    is larger than the 32 MiB at which Cloud Run cuts an HTTP/1 request.

    While it runs, MLflow's variables, its tracking URI and this process's stdout, stderr and
    warnings are its own; afterwards, and within `on_check`, output is the caller's again.

    Raises:
        PrerequisiteError: MLflow or scikit-learn is not installed.
    """
    checks: list[Check] = []
    answers = True

    with open_session(outputs, credentials, artifact_mib=artifact_mib) as session:

        def attempt(check: CheckFunction) -> None:
            nonlocal answers
            result = _attempt(check, session) if answers else _not_tried(check, session)
            checks.append(result)
            on_check(result)
            answers = answers and (result.ok or session.answers())

        try:
            for check in _checks(session):
                attempt(check)
        finally:
            attempt(work.clean_up)
    return checks


def _checks(session: Session) -> Iterator[CheckFunction]:
    yield door.health
    yield door.version
    if session.credentials:
        yield door.refuses_no_credentials
        yield door.refuses_a_wrong_password
    yield door.refuses_a_foreign_host
    yield door.refuses_a_foreign_origin
    yield door.accepts_its_own_origin
    yield work.experiment
    yield work.metrics
    yield work.search
    yield work.artifact
    yield work.model
    yield work.trace
    yield door.parallel_batches


def _attempt(check: CheckFunction, session: Session) -> Check:
    started = time.monotonic()
    try:
        with quiet():
            ok, detail = True, check(session)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the result
        ok, detail = False, session.describe(error)
    return Check(name=_name(check), ok=ok, detail=detail, seconds=time.monotonic() - started)


def _not_tried(check: CheckFunction, session: Session) -> Check:
    detail = "not tried: the server does not answer"
    if check is work.clean_up and session.has_experiment:
        detail += f"; left behind there: {session.name}"
    return Check(name=_name(check), ok=False, detail=detail)


def _name(check: CheckFunction) -> str:
    return check.__name__.replace("_", " ")
