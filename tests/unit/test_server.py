"""The server spec: what every cloud runs."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from mlops_infra.config.models import Environment
from mlops_infra.server import Database, Placement, ServerSpec, client_variables, server_spec
from tests.conftest import ENVIRONMENTS

DATABASE = Database(host="db.internal", user="mlflow", ssl_root_cert="/ca.pem")
DOCUMENTS = {file.stem: yaml.safe_load(file.read_text()) for file in ENVIRONMENTS.glob("*.yaml")}


def environment(name: str = "prod", **sections: dict[str, Any]) -> Environment:
    document = DOCUMENTS[name]
    changed = {key: {**document[key], **section} for key, section in sections.items()}
    return Environment.model_validate({**document, **changed})


def spec(found: Environment | None = None) -> ServerSpec:
    place = Placement(
        database=DATABASE,
        artifacts_uri="s3://bucket/artifacts",
        public_url="https://mlflow.example.com",
    )
    return server_spec(found or environment(), place)


def test_the_same_environment_and_place_give_the_same_spec() -> None:
    assert spec() == spec()


def test_no_secret_is_in_a_spec_only_the_names_of_those_to_inject() -> None:
    found = spec()
    assert found.secrets == (
        "PGPASSWORD",
        "MLFLOW_CRYPTO_KEK_PASSPHRASE",
        "MLFLOW_FLASK_SERVER_SECRET_KEY",
        "MLFLOW_AUTH_ADMIN_PASSWORD",
    )
    assert not set(found.secrets) & set(found.variables)
    assert found.variables["MLFLOW_BACKEND_STORE_URI"] == "postgresql+psycopg2:///mlflow"


def test_the_database_is_reached_with_tls_that_checks_the_host() -> None:
    variables = spec().variables
    assert variables["PGHOST"] == "db.internal"
    assert variables["PGSSLMODE"] == "verify-full"
    assert variables["PGSSLROOTCERT"] == "/ca.pem"


def test_the_driver_is_named_because_sqlalchemy_would_take_a_slower_one() -> None:
    assert spec().variables["MLFLOW_BACKEND_STORE_URI"].startswith("postgresql+psycopg2:")


def test_jobs_are_off_because_their_runners_take_a_gigabyte() -> None:
    assert spec().variables["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"


def test_workers_run_on_uvloop_and_outlast_a_load_balancer_s_idle_time() -> None:
    options = spec().variables["MLFLOW_UVICORN_OPTS"]
    assert "--loop uvloop --http httptools" in options
    assert "--timeout-keep-alive 125" in options


def test_a_worker_s_pool_covers_its_forty_threads_and_one_more() -> None:
    found = spec()
    assert found.pool_size + found.max_overflow >= 41
    assert found.variables["MLFLOW_SQLALCHEMYSTORE_POOL_SIZE"] == str(found.pool_size)
    assert found.variables["MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW"] == str(found.max_overflow)


def test_hosts_and_origins_are_the_public_one_and_this_machine() -> None:
    variables = spec().variables
    hosts = variables["MLFLOW_SERVER_ALLOWED_HOSTS"].split(",")
    assert hosts[:2] == ["mlflow.example.com", "mlflow.example.com:*"]
    assert {"localhost", "localhost:*", "127.0.0.1", "127.0.0.1:*"} <= set(hosts)
    assert variables["MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"] == "https://mlflow.example.com"
    assert "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE" not in variables


def test_basic_auth_is_the_app_and_its_file_caches_passwords() -> None:
    found = spec()
    assert found.argv == ("server", "--app-name", "basic-auth")
    assert found.variables["MLFLOW_AUTH_CONFIG_PATH"] == "/app/basic_auth.ini"


def test_without_auth_no_auth_secret_is_asked_for() -> None:
    found = spec(environment(server={"auth": "none"}, access={"exposure": "private"}))
    assert found.argv == ("server",)
    assert found.secrets == ("PGPASSWORD", "MLFLOW_CRYPTO_KEK_PASSPHRASE")


@pytest.mark.parametrize(
    ("access", "given", "absent"),
    [
        ("proxied", "MLFLOW_ARTIFACTS_DESTINATION", "MLFLOW_DEFAULT_ARTIFACT_ROOT"),
        ("direct", "MLFLOW_DEFAULT_ARTIFACT_ROOT", "MLFLOW_ARTIFACTS_DESTINATION"),
    ],
)
def test_artifacts_go_where_the_file_says(access: str, given: str, absent: str) -> None:
    variables = spec(environment(artifacts={"access": access})).variables
    assert variables[given] == "s3://bucket/artifacts"
    assert absent not in variables


def test_a_start_is_given_as_long_as_a_server_waits_for_its_database() -> None:
    assert spec().start_grace_seconds >= 120


def test_sizes_are_the_file_s() -> None:
    found = spec(environment(server={"cpu": 4, "memory_gib": 8}))
    assert (found.workers, found.memory_gib) == (4, 8)
    assert found.variables["MLFLOW_WORKERS"] == "4"


def test_clients_of_a_proxying_server_are_kept_off_presigned_urls() -> None:
    assert client_variables("https://x", proxied=True) == {
        "MLFLOW_TRACKING_URI": "https://x",
        "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "false",
        "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "false",
    }
    assert client_variables("https://x", proxied=False) == {"MLFLOW_TRACKING_URI": "https://x"}
