"""Asks a server over HTTP how it is: the same way on every cloud, in a fraction of a second."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from mlops_infra.errors import UnhealthyError

if TYPE_CHECKING:
    import ssl

    import httpx

    from mlops_infra.model import Credentials, Outputs

TIMEOUT_SECONDS = 10
UNAUTHORIZED = 401
SEARCH = "/api/2.0/mlflow/experiments/search"


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What the server answered. `problem` is empty where all is well."""

    problem: str = ""
    is_reached: bool = True
    """False where not even a connection came about."""
    seconds: float = 0.0

    @property
    def is_healthy(self) -> bool:
        """Whether a client could work with this server now."""
        return not self.problem


def probe(outputs: Outputs, credentials: Credentials | None) -> Probe:
    """See that the server lives, that its database answers, and that only a login gets in.

    `/health` does not touch the database, so one experiment is asked for, too. Never raises for
    what the server does or fails to do.
    """
    import httpx  # 0.2 s that a command without a server does not pay

    began, is_reached = time.monotonic(), True
    login = (credentials.username, credentials.password) if credentials else None
    try:
        # httpx takes no proxy for 127.0.0.1 only if NO_PROXY says so: never ask one for ourselves.
        is_here = outputs.tracking_uri.startswith("http://127.0.0.1")
        with httpx.Client(
            base_url=outputs.tracking_uri,
            timeout=TIMEOUT_SECONDS,
            trust_env=not is_here,
            verify=_authorities(),
        ) as client:
            problem = _problem(client, login)
    except httpx.TimeoutException as error:
        problem = f"the server does not answer within {TIMEOUT_SECONDS} s"
        is_reached = not isinstance(error, httpx.ConnectTimeout)
    except httpx.HTTPError as error:
        problem = f"the server cannot be reached: {str(error).lower()}"
        is_reached = _is_of_tls(error) or not isinstance(
            error, (httpx.ConnectError, httpx.ProxyError)
        )
    return Probe(problem=problem, is_reached=is_reached, seconds=time.monotonic() - began)


def _is_of_tls(error: BaseException | None) -> bool:
    """Whether a connection failed because of who answered: to httpx there was none."""
    import ssl

    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error is not None


@cache
def _authorities() -> ssl.SSLContext:
    """Return whom to trust, read once: 20 ms that `status --all` need not pay for each server."""
    import httpx

    return httpx.create_ssl_context()


def require_healthy(
    outputs: Outputs, credentials: Credentials | None, *, hint: str, may_be_hidden: bool = False
) -> Probe:
    """Raise UnhealthyError, with what is wrong, unless a client could work with this server now.

    One that `may_be_hidden` need not be reached from here.
    """
    found = probe(outputs, credentials)
    if not found.is_healthy and (found.is_reached or not may_be_hidden):
        raise UnhealthyError(f"{outputs.tracking_uri}: {found.problem}", hint=hint)
    return found


def _problem(client: httpx.Client, login: tuple[str, str] | None) -> str:
    """Return the first thing that is wrong, as words; empty where nothing is."""
    health = client.get("/health")
    if not health.is_success:
        return f"its health check answers {health.status_code}"
    if login:
        anonymous = client.get(SEARCH, params={"max_results": 1})
        if anonymous.status_code != UNAUTHORIZED:
            return f"it answers {anonymous.status_code} to a request without a login"
    answer = client.get(SEARCH, params={"max_results": 1}, auth=login)
    if answer.status_code == UNAUTHORIZED:
        return "it refuses the administrator's login; was the password changed in MLflow?"
    if not answer.is_success:
        return f"its database does not answer (HTTP {answer.status_code})"
    return ""
