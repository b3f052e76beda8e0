"""What any HTTP client sees of the server, before MLflow's own client has smoothed it."""

from __future__ import annotations

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mlops_infra.errors import UnhealthyError

if TYPE_CHECKING:
    import httpx

    from mlops_infra.smoke.session import Session

SEARCH = "/api/2.0/mlflow/experiments/search"
UI_SEARCH = "/ajax-api/2.0/mlflow/experiments/search"
LOG_BATCH = "/api/2.0/mlflow/runs/log-batch"
ONE = {"max_results": 1}
FOREIGN = "mlops-infra-smoke.invalid"

COLD_START_SECONDS = 25
"""How long a replica may take that was scaled to none. A dead server fails after as long."""
BATCHES = 24
"""MLflow's default connection pool deadlocks under 32 parallel batches; see `server.py`."""
BATCH_SECONDS = 40
"""A pool without a free connection gives up after 30 s: wait for it to say so, and to recover."""


def health(session: Session) -> str:
    """See that the server is up. Says nothing about its database."""
    # The one check before which nothing has been waited for.
    url = session.outputs.health_url
    _expect(session.http.get(url, auth=None, timeout=COLD_START_SECONDS), 200)
    return ""


def version(session: Session) -> str:
    """See that the server is the MLflow that was deployed."""
    response = _expect(session.http.get("/version"), 200)
    found, deployed = response.text.strip(), session.outputs.mlflow_version
    if found != deployed:
        raise UnhealthyError(f"the server runs MLflow '{found[:40]}', deployed was '{deployed}'")
    return found


def refuses_no_credentials(session: Session) -> str:
    """See that nobody gets in without a login."""
    _expect(session.http.get(SEARCH, params=ONE, auth=None), 401)
    return ""


def refuses_a_wrong_password(session: Session) -> str:
    """See that a login is more than a user's name."""
    username = session.credentials.username if session.credentials else ""
    login = (username, secrets.token_urlsafe())
    _expect(session.http.get(SEARCH, params=ONE, auth=login), 401)
    return ""


def refuses_a_foreign_host(session: Session) -> str:
    """See that DNS rebinding gets nowhere: the API serves its own host names only."""
    response = session.http.get(SEARCH, params=ONE, headers={"Host": FOREIGN})
    # MLflow says 403. A front that knows its hosts refuses earlier: Cloud Run and Container Apps
    # with 404, and one that compares with the certificate's name with 421.
    _expect(response, 403, 404, 421)
    return ""


def refuses_a_foreign_origin(session: Session) -> str:
    """See that another site's page cannot write with its visitor's login."""
    headers = {"Origin": f"https://{FOREIGN}"}
    _expect(session.http.post(UI_SEARCH, json=ONE, headers=headers), 403)
    return ""


def accepts_its_own_origin(session: Session) -> str:
    """See that the server's own pages, in a browser, can write."""
    url = urlsplit(session.outputs.tracking_uri)
    headers = {"Origin": f"{url.scheme}://{url.netloc.rpartition('@')[2]}"}
    _expect(session.http.post(UI_SEARCH, json=ONE, headers=headers), 200)
    return ""


def parallel_batches(session: Session) -> str:
    """See that many trainings may log at once: no batch is refused, none is lost."""
    run_id = session.run_id

    def log_batch(number: int) -> str:
        import httpx

        entry = {"key": f"batch_{number}", "timestamp": time.time_ns() // 1_000_000}
        metrics = [entry | {"value": step, "step": step} for step in range(10)]
        body = {"run_id": run_id, "metrics": metrics}
        try:
            _expect(session.http.post(LOG_BATCH, json=body, timeout=BATCH_SECONDS), 200)
        except (httpx.HTTPError, UnhealthyError) as error:
            return session.describe(error)
        return ""

    with ThreadPoolExecutor(BATCHES) as threads:
        failures = [failure for failure in threads.map(log_batch, range(BATCHES)) if failure]
    if failures:
        raise UnhealthyError(f"{len(failures)} of {BATCHES} failed, the first with: {failures[0]}")
    logged = session.client.get_run(run_id).data.metrics
    lost = [number for number in range(BATCHES) if f"batch_{number}" not in logged]
    if lost:
        raise UnhealthyError(f"{len(lost)} of {BATCHES} were accepted and lost")
    return ""


def _expect(response: httpx.Response, *statuses: int) -> httpx.Response:
    if response.status_code not in statuses:
        request = f"{response.request.method} {response.url.path}"
        wanted = " or ".join(map(str, statuses))
        reason = f": {response.text[:120]}" if response.is_error else ""
        raise UnhealthyError(f"{request} gave {response.status_code}, expected {wanted}{reason}")
    return response
