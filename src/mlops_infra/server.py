"""How MLflow itself runs: one pure function from an environment to a container's worth of settings.

Every cloud's stack, the local engine and the rehearsal start the server from this and nothing
else, so what is proven on one holds on all. Each number was measured on MLflow 3.17.2 with
PostgreSQL 18 on two cores; `make bench` and `docs/server.md` show how to measure again.

Credentials never pass through here. The database URI names no host, user or password: libpq reads
them from its own `PG*` variables, so the only secret that a platform must inject for the database
is `PGPASSWORD`, and it needs no URL quoting.
(https://www.postgresql.org/docs/current/libpq-envars.html)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_infra.config.sizing import MAX_OVERFLOW, POOL_SIZE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_infra.config.models import Environment

MLFLOW_VERSION = "3.17.2"
"""What the extra `local` and the server image pin, and what a client should have at most."""

ADMIN_USERNAME = "admin"

DATABASE_URI = "postgresql+psycopg2:///mlflow"
"""Names the driver: SQLAlchemy 2.1 gives plain `postgresql://` to psycopg 3, slower here."""

START_GRACE_SECONDS = 120
"""With its database down a starting server retries for 105 s before it exits: allow it that."""

STOP_GRACE_SECONDS = 15
"""A worker finishes the requests it has within 8 s of SIGTERM."""

KEEP_ALIVE_SECONDS = 125
"""Longer than any load balancer of ours keeps an idle connection (AWS's 120 s), so that it is never
the server that closes first (a client would see a 502)."""

AUTH_CACHE_SECONDS = 60
"""Without it every request hashes the password again: 8 requests per second instead of 213. A
changed password keeps working this long on the other workers."""


@dataclass(frozen=True, kw_only=True)
class Database:
    """Where PostgreSQL is, in libpq's terms; the password comes apart, as a secret."""

    host: str
    """A host name, or the folder of a Unix socket."""
    user: str
    port: int = 5432
    ssl_mode: str = "verify-full"
    ssl_root_cert: str = ""


@dataclass(frozen=True, kw_only=True)
class Placement:
    """What only the stack knows about the place where the server runs."""

    database: Database
    artifacts_uri: str
    """`s3://`, `gs://` or `wasbs://` with bucket and prefix, or an absolute folder."""
    public_url: str
    """What clients and browsers use, without a trailing slash."""
    bind_host: str = "0.0.0.0"  # noqa: S104 - in a container; what reaches it is the stack's business
    port: int = 5000
    auth_config: str = "/app/basic_auth.ini"


@dataclass(frozen=True, kw_only=True)
class ServerSpec:
    """A server as a container definition would say it. Nothing in it is secret."""

    argv: tuple[str, ...]
    """What follows the image's entry point."""
    variables: Mapping[str, str]
    secrets: tuple[str, ...]
    """Names of variables that the platform injects from its secret store."""
    port: int
    health_path: str
    start_grace_seconds: int
    stop_grace_seconds: int
    workers: int
    memory_gib: int
    pool_size: int
    max_overflow: int


def server_spec(environment: Environment, placement: Placement) -> ServerSpec:
    """Return how the server of `environment` runs at `placement`. Pure: same in, same out."""
    authenticated = environment.server.auth == "basic"
    argv = ["server"]
    variables = {
        **_listening(environment, placement),
        **_database(placement.database),
        **_artifacts(environment, placement),
    }
    secrets = ["PGPASSWORD", "MLFLOW_CRYPTO_KEK_PASSPHRASE"]
    if authenticated:
        argv += ["--app-name", "basic-auth"]  # the one option without a variable
        variables["MLFLOW_AUTH_CONFIG_PATH"] = placement.auth_config
        secrets += ["MLFLOW_FLASK_SERVER_SECRET_KEY", "MLFLOW_AUTH_ADMIN_PASSWORD"]
    return ServerSpec(
        argv=tuple(argv),
        variables=variables,
        secrets=tuple(secrets),
        port=placement.port,
        health_path="/health",
        start_grace_seconds=START_GRACE_SECONDS,
        stop_grace_seconds=STOP_GRACE_SECONDS,
        workers=environment.server.workers,
        memory_gib=environment.server.memory_gib,
        pool_size=POOL_SIZE,
        max_overflow=MAX_OVERFLOW,
    )


def client_variables(tracking_uri: str, *, proxied: bool) -> dict[str, str]:
    """Return what any MLflow client needs besides its credentials.

    MLflow 3.17 sends large transfers straight to the bucket with presigned URLs wherever it can.
    A private bucket refuses them, so a client of a proxying server is told to stay on it.
    """
    variables = {"MLFLOW_TRACKING_URI": tracking_uri}
    if proxied:
        variables["MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD"] = "false"
        variables["MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD"] = "false"
    return variables


def _listening(environment: Environment, placement: Placement) -> dict[str, str]:
    host = placement.public_url.split("://", 1)[1].split(":", 1)[0]
    hosts = dict.fromkeys((host, "localhost", "127.0.0.1"))
    return {
        "MLFLOW_HOST": placement.bind_host,
        "MLFLOW_PORT": str(placement.port),
        "MLFLOW_WORKERS": str(environment.server.workers),
        # With more than one worker, asyncio's own loop holds every keep-alive response for 44 ms.
        "MLFLOW_UVICORN_OPTS": (
            f"--loop uvloop --http httptools --timeout-keep-alive {KEEP_ALIVE_SECONDS}"
        ),
        # Replaces MLflow's defaults, and is matched with the port: name both forms of each host.
        "MLFLOW_SERVER_ALLOWED_HOSTS": ",".join(f"{host},{host}:*" for host in hosts),
        # Without it the UI's own POSTs are refused as foreign.
        "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": placement.public_url,
        # On by default: a runner and seven consumers, more than 1 GB, for jobs nobody sends.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def _database(database: Database) -> dict[str, str]:
    variables = {
        "MLFLOW_BACKEND_STORE_URI": DATABASE_URI,
        "PGHOST": database.host,
        "PGPORT": str(database.port),
        "PGUSER": database.user,
        "PGDATABASE": "mlflow",
        "PGSSLMODE": database.ssl_mode,
        "PGAPPNAME": "mlflow",
        "PGCONNECT_TIMEOUT": "10",
        # A batch opens a second session while it holds one, on 40 threads: the default 5 + 10 of a
        # worker deadlocks under 32 parallel batches (30 s, then HTTP 400).
        "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": str(POOL_SIZE),
        "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW": str(MAX_OVERFLOW),
        "MLFLOW_SQLALCHEMYSTORE_POOL_RECYCLE": "1800",  # before a firewall forgets the connection
    }
    if database.ssl_root_cert:
        variables["PGSSLROOTCERT"] = database.ssl_root_cert
    return variables


def _artifacts(environment: Environment, placement: Placement) -> dict[str, str]:
    if environment.artifacts.access == "proxied":
        return {"MLFLOW_ARTIFACTS_DESTINATION": placement.artifacts_uri}
    return {
        "MLFLOW_SERVE_ARTIFACTS": "false",
        "MLFLOW_DEFAULT_ARTIFACT_ROOT": placement.artifacts_uri,
    }
