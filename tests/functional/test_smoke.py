"""The smoke test against servers that don't work: none at all, and one that refuses everything.

Against a server that works it runs in `tests/local`.
"""

from __future__ import annotations

import base64
import os
import socket
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from mlops_infra.errors import PrerequisiteError
from mlops_infra.model import Credentials, Outputs
from mlops_infra.smoke import Check, smoke

if TYPE_CHECKING:
    from collections.abc import Generator

PASSWORD = "correct-horse-battery"
LOGIN = Credentials(username="admin", password=PASSWORD)
NOT_TRIED = "not tried: the server does not answer"


class Refusing(BaseHTTPRequestHandler):
    """Answers everything with 400, and gives away what it was sent, over two lines."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        sent = self.headers.get("Authorization", "").removeprefix("Basic ")
        body = b"no\nto " + base64.b64decode(sent)
        self.send_response(400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the names are http.server's

    def log_message(self, *_: object) -> None:  # ty: ignore[incompatible-method-override] - says nothing
        pass


@contextmanager
def serving() -> Generator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, args=[0.05]).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def nowhere() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def outputs(url: str) -> Outputs:
    return Outputs(
        tracking_uri=url, artifact_uri="/srv", health_url=f"{url}/health", mlflow_version="3.17.2"
    )


def quietly(_: Check) -> None:
    pass


def test_a_dead_server_ends_it_soon_with_every_check_failed() -> None:
    started = time.monotonic()

    checks = smoke(outputs(nowhere()), LOGIN, on_check=quietly)

    assert time.monotonic() - started < 30
    assert "refused" in checks[0].detail
    assert [check.detail for check in checks[1:]] == [NOT_TRIED] * (len(checks) - 1)
    assert not any(check.ok for check in checks)
    assert checks[-1].name == "clean up"


def test_without_credentials_no_login_is_tried() -> None:
    names = [check.name for check in smoke(outputs(nowhere()), None, on_check=quietly)]

    assert "refuses no credentials" not in names
    assert "refuses a wrong password" not in names


def test_each_check_is_reported_as_it_ends_and_returned() -> None:
    reported: list[Check] = []

    checks = smoke(outputs(nowhere()), LOGIN, on_check=reported.append)

    assert reported == checks


def test_what_needs_an_experiment_is_not_tried_without_one() -> None:
    with serving() as url:
        checks = {check.name: check for check in smoke(outputs(url), LOGIN, on_check=quietly)}

    assert "400" in checks["experiment"].detail
    for name in ("metrics", "search", "artifact", "model", "trace", "parallel batches"):
        assert checks[name].detail == "not tried: there is no experiment to work in"


def test_a_detail_is_one_line_without_the_password() -> None:
    with serving() as url:
        checks = smoke(outputs(url), LOGIN, on_check=quietly)

    assert "no to admin:***" in checks[1].detail
    for check in checks:
        assert PASSWORD not in check.detail
        assert "\n" not in check.detail


def test_the_process_is_left_as_it_was_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import mlflow

    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "mine")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "mine")
    mlflow.set_tracking_uri("http://tracking.invalid")
    mlflow.set_registry_uri("http://registry.invalid")
    before = {name: value for name, value in os.environ.items() if "MLFLOW" in name}
    seen_inside: list[str | None] = []

    try:
        with serving() as url:
            smoke(
                outputs(url),
                LOGIN,
                on_check=lambda _: seen_inside.append(os.environ.get("MLFLOW_TRACKING_TOKEN")),
            )
        after = {name: value for name, value in os.environ.items() if "MLFLOW" in name}
        uris = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    finally:
        mlflow.set_registry_uri(None)  # ty: ignore[invalid-argument-type] - may be None
        mlflow.set_tracking_uri(None)  # ty: ignore[invalid-argument-type] - may be None
        os.environ.pop("MLFLOW_REGISTRY_URI", None)

    assert after == before
    assert uris == ("http://tracking.invalid", "http://registry.invalid")
    assert set(seen_inside) == {None}
    assert capsys.readouterr() == ("", "")


def test_what_on_check_prints_is_the_callers(capsys: pytest.CaptureFixture[str]) -> None:
    smoke(outputs(nowhere()), None, on_check=lambda check: print(check.name))  # noqa: T201 - the point

    assert capsys.readouterr().out.startswith("health\nversion\n")


def test_ctrl_c_ends_it_after_the_clean_up() -> None:
    reported: list[str] = []

    def interrupt(check: Check) -> None:
        reported.append(check.name)
        if check.name == "version":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        smoke(outputs(nowhere()), LOGIN, on_check=interrupt)

    assert reported == ["health", "version", "clean up"]


def test_without_mlflow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "mlflow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mlflow", None)

    with pytest.raises(PrerequisiteError, match="needs MLflow") as caught:
        smoke(outputs(nowhere()), None, on_check=quietly)

    assert caught.value.hint == 'pip install "mlops-infra[client]"'
