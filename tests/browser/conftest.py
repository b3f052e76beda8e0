"""A real Chromium, a page of the UI that is logged in, and a model trained on the live server."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

from tests.conftest import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import (
        Browser,
        ConsoleMessage,
        HttpCredentials,
        Page,
        Request,
        Response,
    )

    from tests.conftest import Live

FOREIGN_HOST = "foreign.test"
"""A name that only this Chromium resolves, to this machine. MLflow lets every localhost in."""

FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--disable-gpu",
    f"--host-resolver-rules=MAP {FOREIGN_HOST} 127.0.0.1",
)


@pytest.fixture(scope="module")  # its event loop would be in the way of other modules' own
def browser() -> Iterator[Browser]:
    """The Chromium that `make browser` finds or installs."""
    finder = runpy.run_path(str(REPOSITORY / "tools" / "chromium.py"))
    path = finder["find"]()
    if path is None:
        pytest.fail(f"make browser: {finder['MISSING']}")
    expect.set_options(timeout=30_000)  # what clicks have; its own 5 s are few on a busy machine
    as_root = ("--no-sandbox",) if os.geteuid() == 0 else ()  # Chromium insists
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *as_root])
        yield chromium
        chromium.close()


@dataclass  # not frozen: Playwright notes on it which of its methods listen
class Ui:
    """A page of the UI, and whatever went wrong in it so far."""

    page: Page
    origin: str
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"thrown: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._response)
        self.page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text} {message.location['url']}")

    def _failed(self, request: Request) -> None:
        self.complaints.append(f"{request.failure}: {request.method} {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.request.method} {response.url}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.origin, "data:", "blob:")):
            self.complaints.append(f"left the server: {request.method} {request.url}")


@pytest.fixture
def credentials(live: Live) -> HttpCredentials:
    """What a user types into the browser's prompt."""
    username, password = live.login
    return {"username": username, "password": password}


@pytest.fixture
def ui(browser: Browser, live: Live, credentials: HttpCredentials) -> Iterator[Ui]:
    """The UI as a data scientist has it: logged in, the assistant closed, on models not agents."""
    context = browser.new_context(
        http_credentials=credentials,
        viewport={"width": 1280, "height": 800},
        timezone_id="UTC",
    )
    opened = Ui(page=context.new_page(), origin=live.uri)
    opened.listen()
    opened.page.goto(live.uri)
    opened.page.get_by_role("button", name="Close", exact=True).click()
    opened.page.get_by_role("button", name="Model training").click()
    yield opened
    context.close()


@pytest.fixture(scope="module")
def api(live: Live) -> Iterator[httpx.Client]:
    """The REST API, logged in."""
    with httpx.Client(base_url=f"{live.uri}/api/2.0/mlflow/", auth=live.login) as client:
        yield client


@dataclass(frozen=True)
class Trained:
    """What `examples/train.py` logged, as the API tells it."""

    experiment: str
    run: str
    metrics: dict[str, float]
    params: dict[str, str]


@pytest.fixture(scope="module")
def trained(live: Live, api: httpx.Client) -> Iterator[Trained]:
    """A run of the example, as `make demo` has it; gone afterwards, with its model."""
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "examples" / "train.py")],
        env=live.project.environ(**live.variables),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    run_id = done.stdout.split()[-1].rsplit("/", 1)[-1]  # it ends with the address of its page
    run = api.get("runs/get", params={"run_id": run_id}).raise_for_status().json()["run"]
    experiment_id = run["info"]["experiment_id"]
    found = api.get("experiments/get", params={"experiment_id": experiment_id}).raise_for_status()
    name = found.json()["experiment"]["name"]
    yield Trained(
        experiment=name,
        run=run["info"]["run_name"],
        metrics={entry["key"]: entry["value"] for entry in run["data"]["metrics"]},
        params={entry["key"]: entry["value"] for entry in run["data"]["params"]},
    )
    api.post("runs/delete", json={"run_id": run_id}).raise_for_status()
    # The experiment stays: MLflow refuses to log to a deleted one, and the example has one name.
    api.request("DELETE", "registered-models/delete", json={"name": name}).raise_for_status()
