"""The server under test as all checks share it, in a process that is left as it was found."""

from __future__ import annotations

import io
import os
import secrets
import tempfile
import warnings
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_infra.errors import InfraError, PrerequisiteError, UnhealthyError
from mlops_infra.server import client_variables

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    import httpx
    from mlflow import MlflowClient

    from mlops_infra.model import Credentials, Outputs

CLIENT_TIMEOUT_SECONDS = 12
"""MLflow's own are 120 s and 7 retries: a server that hangs would be noticed after minutes."""
PROBE_TIMEOUT_SECONDS = 5
DETAIL_LENGTH = 240
WIRE = ("httpx", "requests", "urllib3")

SETTINGS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": str(CLIENT_TIMEOUT_SECONDS),
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # one lost connection is the network's, two are not
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_JITTER": "0",
    "MLFLOW_ENABLE_ASYNC_TRACE_LOGGING": "false",  # else a thread goes on after the check
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


@dataclass(kw_only=True)
class Session:
    """What the checks know of the server and of each other."""

    outputs: Outputs
    credentials: Credentials | None
    http: httpx.Client
    """Logged in, and without retries: it shows what the server does, not what a client mends."""
    client: MlflowClient
    folder: Path
    artifact_mib: int
    name: str = field(default_factory=lambda: f"mlops-infra-smoke-{secrets.token_hex(6)}")
    """Of the experiment and of the registered model."""
    _experiment_id: str = ""
    _run_id: str = ""

    def enter(self, *, experiment_id: str, run_id: str) -> None:
        """Let the checks that follow work in this experiment and run."""
        self._experiment_id, self._run_id = experiment_id, run_id

    @property
    def has_experiment(self) -> bool:
        """Whether there is something to work in, and to remove."""
        return bool(self._experiment_id)

    @property
    def experiment_id(self) -> str:
        """The experiment to work in.

        Raises:
            UnhealthyError: it could not be created.
        """
        if not self.has_experiment:
            raise UnhealthyError("not tried: there is no experiment to work in")
        return self._experiment_id

    @property
    def run_id(self) -> str:
        """The run to log to; see `experiment_id`."""
        return self._run_id if self.experiment_id else ""

    def answers(self) -> bool:
        """Whether the API answers at all, soon; the database is behind it, unlike `/health`."""
        import httpx

        try:
            self.http.get(
                "/api/2.0/mlflow/experiments/search",
                params={"max_results": 1},
                timeout=PROBE_TIMEOUT_SECONDS,
            )
        except httpx.HTTPError:
            return False
        return True

    def describe(self, error: Exception) -> str:
        """Return one line on what went wrong, without the password, wherever it came from."""
        known = _root(error)
        text = " ".join(str(known).split())
        if not isinstance(known, InfraError | OSError) and not _comes_from(known, *WIRE, "mlflow"):
            text = f"{type(known).__name__}: {text}"
        if self.credentials and self.credentials.password:
            text = text.replace(self.credentials.password, "***")
        return text if len(text) <= DETAIL_LENGTH else f"{text[: DETAIL_LENGTH - 1]}…"


def _root(error: BaseException) -> BaseException:
    """Return the "[Errno 111] Connection refused" that a client wrapped in a paragraph."""
    root = error
    while cause := root.__cause__ or root.__context__:
        root = cause
    return root if isinstance(root, OSError) or _comes_from(root, *WIRE) else error


def _comes_from(error: BaseException, *packages: str) -> bool:
    return type(error).__module__.split(".")[0] in packages


@contextmanager
def open_session(
    outputs: Outputs, credentials: Credentials | None, *, artifact_mib: int
) -> Generator[Session]:
    """Make this process a client of the server, until the block ends.

    Raises:
        PrerequisiteError: MLflow or scikit-learn is not installed.
    """
    import httpx

    # Where the server does not proxy, these two variables mean nothing.
    variables = SETTINGS | client_variables(outputs.tracking_uri, proxied=True)
    login = None
    if credentials:
        login = (credentials.username, credentials.password)
        variables["MLFLOW_TRACKING_USERNAME"], variables["MLFLOW_TRACKING_PASSWORD"] = login
    with (
        _mlflow_variables(variables),
        _mlflow_client(outputs.tracking_uri) as client,
        httpx.Client(
            base_url=outputs.tracking_uri, auth=login, timeout=CLIENT_TIMEOUT_SECONDS
        ) as http,
        tempfile.TemporaryDirectory(prefix="mlops-infra-smoke-") as folder,
    ):
        yield Session(
            outputs=outputs,
            credentials=credentials,
            http=http,
            client=client,
            folder=Path(folder),
            artifact_mib=artifact_mib,
        )


@contextmanager
def quiet() -> Generator[None]:
    """Swallow what MLflow and its libraries print, log to stderr, or warn of."""
    with (
        redirect_stdout(io.StringIO()),
        redirect_stderr(io.StringIO()),
        warnings.catch_warnings(action="ignore"),
    ):
        yield


@contextmanager
def _mlflow_variables(variables: Mapping[str, str]) -> Generator[None]:
    """Give MLflow these variables and no others, such as the caller's token or experiment."""
    saved = _take_mlflow_variables()
    os.environ.update(variables)
    try:
        yield
    finally:
        _take_mlflow_variables()
        os.environ.update(saved)


def _take_mlflow_variables() -> dict[str, str]:
    names = [name for name in os.environ if name.startswith(("MLFLOW_", "_MLFLOW_"))]
    return {name: os.environ.pop(name) for name in names}


@contextmanager
def _mlflow_client(tracking_uri: str) -> Generator[MlflowClient]:
    """Point MLflow's global URIs at the server; models and traces go where those say."""
    try:
        with quiet():
            import mlflow.sklearn
    except ImportError as error:
        raise PrerequisiteError(
            f"a smoke test needs MLflow and scikit-learn: {error}",
            hint='pip install "mlops-infra[client]"',
        ) from error
    # Unset, both answer with the variable, which is ours by now: then None is what to go back to.
    tracking, registry = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    with quiet():
        mlflow.set_tracking_uri(tracking_uri)
        mlflow.set_registry_uri(tracking_uri)
    try:
        yield mlflow.MlflowClient(tracking_uri, tracking_uri)
    finally:
        with quiet():
            registry_before = None if registry in (tracking_uri, tracking) else registry
            tracking_before = None if tracking == tracking_uri else tracking
            mlflow.set_registry_uri(registry_before)  # ty: ignore[invalid-argument-type] - may be None
            mlflow.set_tracking_uri(tracking_before)  # ty: ignore[invalid-argument-type] - may be None
