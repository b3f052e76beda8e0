"""The UI in a real browser: what a user does with it, and what other sites cannot do."""

from __future__ import annotations

import contextlib
import os
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import Error, expect

from tests.browser.conftest import FOREIGN_HOST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, HttpCredentials, Page

    from tests.browser.conftest import Trained, Ui
    from tests.conftest import Live

pytestmark = pytest.mark.slow

CREATE = "experiments/create"

POST = """([url, type, mode, name]) => fetch(url, {
    method: "POST", mode, credentials: "include",
    headers: {"Content-Type": type}, body: JSON.stringify({name}),
}).then(answer => answer.type)"""


@pytest.fixture
def foreign_page(browser: Browser, credentials: HttpCredentials) -> Iterator[Page]:
    """A page of a site that is not ours, in a browser that is logged in to ours."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<title>not ours</title>")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its base's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as site:
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        context = browser.new_context(http_credentials=credentials)
        page = context.new_page()
        page.goto(f"http://{FOREIGN_HOST}:{site.server_port}/")
        yield page
        context.close()
        site.shutdown()
        thread.join()


def open_run(page: Page, trained: Trained) -> None:
    main = page.get_by_role("main")
    page.get_by_role("navigation").get_by_role("link", name="Experiments").click()
    main.get_by_role("link", name=trained.experiment, exact=True).click()
    main.get_by_role("link", name=trained.run, exact=True).click()
    expect(main.get_by_role("heading", name=trained.run)).to_be_visible()


def is_there(api: httpx.Client, experiment: str) -> bool:
    found = api.get("experiments/get-by-name", params={"experiment_name": experiment})
    assert found.status_code in (200, 404), found.text
    return found.status_code == 200


def test_the_ui_is_refused_without_credentials(browser: Browser, live: Live) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        with (
            page.expect_response(f"{live.uri}/") as answer,
            contextlib.suppress(Error),  # newer Chromiums call a 401 a failed navigation
        ):
            page.goto(live.uri)
        assert answer.value.status == 401
        expect(page.get_by_text("MLflow")).to_have_count(0)


def test_a_logged_run_is_shown_with_its_metrics_and_parameters(ui: Ui, trained: Trained) -> None:
    open_run(ui.page, trained)
    assert trained.metrics
    assert trained.params
    for name, value in {**trained.metrics, **trained.params}.items():
        row = ui.page.get_by_role("row").filter(has=ui.page.get_by_role("cell", name=name))
        expect(row.get_by_role("cell", name=str(value), exact=True)).to_be_visible()
    if file := os.environ.get("UI_SCREENSHOT"):  # UI_SCREENSHOT=docs/ui.png
        ui.page.get_by_role("heading", name=trained.run).click()  # takes the focus off the search
        ui.page.screenshot(path=file)


def test_an_experiment_created_in_the_ui_is_found_through_the_api(
    ui: Ui, api: httpx.Client
) -> None:
    name = f"from the UI {uuid.uuid4()}"
    ui.page.get_by_role("navigation").get_by_role("link", name="Experiments").click()
    ui.page.get_by_role("button", name="Create", exact=True).click()
    dialog = ui.page.get_by_role("dialog")
    dialog.get_by_label("Experiment Name").fill(name)
    with ui.page.expect_response(lambda answer: CREATE in answer.url) as answer:
        dialog.get_by_role("button", name="Create").click()
    assert answer.value.status == 200
    assert answer.value.request.header_value("Origin") == ui.origin
    expect(ui.page.get_by_role("main").get_by_role("link", name=name)).to_be_visible()
    found = api.get("experiments/get-by-name", params={"experiment_name": name})
    experiment_id = found.raise_for_status().json()["experiment"]["experiment_id"]
    api.post("experiments/delete", json={"experiment_id": experiment_id}).raise_for_status()
    # MLflow itself asks first whether the name is taken, and a 404 is how it hears that it is not.
    assert [said for said in ui.complaints if "experiments/get-by-name" not in said] == []


def test_clicking_through_the_ui_fails_nowhere_and_calls_nobody_else(
    ui: Ui, trained: Trained
) -> None:
    page, main = ui.page, ui.page.get_by_role("main")
    open_run(page, trained)
    for tab, shows in (
        ("Model metrics", "log_loss"),
        ("System metrics", "No charts in this section"),
        ("Traces", "No traces found"),
        ("Artifacts", "weights.csv"),
    ):
        main.get_by_role("tab", name=tab).click()
        expect(main.get_by_text(shows)).to_be_visible()
    main.get_by_text("weights.csv").click()
    expect(main.get_by_text("worst perimeter")).to_be_visible()
    page.get_by_role("link", name="Model registry").click()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()  # what is new in it
    main.get_by_role("link", name=trained.experiment, exact=True).click()
    main.get_by_role("link", name="Version 1", exact=True).click()
    expect(main.get_by_text("champion")).to_be_visible()
    page.get_by_role("link", name="Settings").click()
    expect(main.get_by_text("Theme preference", exact=True)).to_be_visible()
    assert ui.complaints == []


def test_a_post_with_a_foreign_origin_is_refused(api: httpx.Client, live: Live) -> None:
    search = {"max_results": 1}
    ours = api.post("experiments/search", json=search, headers={"Origin": live.uri})
    assert ours.status_code == 200, ours.text
    theirs = api.post(
        "experiments/search", json=search, headers={"Origin": f"https://{FOREIGN_HOST}"}
    )
    assert (theirs.status_code, theirs.text) == (403, "Cross-origin request blocked")


@pytest.mark.parametrize("path", ["/", "/api/2.0/mlflow/experiments/search?max_results=1"])
def test_a_request_for_a_foreign_host_is_refused(live: Live, path: str) -> None:
    ours = httpx.get(f"{live.uri}{path}", auth=live.login)
    assert ours.status_code == 200, ours.text
    theirs = httpx.get(f"{live.uri}{path}", auth=live.login, headers={"Host": FOREIGN_HOST})
    assert theirs.status_code == 403
    assert "Invalid Host header" in theirs.text


def test_a_foreign_page_cannot_post_to_the_api(
    foreign_page: Page, live: Live, api: httpx.Client
) -> None:
    name = f"from elsewhere {uuid.uuid4()}"
    url = f"{live.uri}/api/2.0/mlflow/{CREATE}"
    # For JSON the browser first asks the server whether it may, and does not get leave.
    with pytest.raises(Error, match="Failed to fetch"):
        foreign_page.evaluate(POST, [url, "application/json", "cors", name])
    # Plain text it sends unasked, as it sends forms; then it is the server that refuses.
    with foreign_page.expect_response(url) as answer:
        assert foreign_page.evaluate(POST, [url, "text/plain", "no-cors", name]) == "opaque"
    assert answer.value.status == 403
    assert not is_there(api, name)


def test_a_foreign_name_for_the_servers_address_shows_no_ui(
    browser: Browser, live: Live, credentials: HttpCredentials
) -> None:
    """DNS rebinding: a site whose name resolves to the server would pass for its own origin."""
    port = httpx.URL(live.uri).port
    with browser.new_context(http_credentials=credentials) as context:
        page = context.new_page()
        answer = page.goto(f"http://{FOREIGN_HOST}:{port}/")
        assert answer is not None
        assert answer.status == 403
        expect(page.get_by_text("Invalid Host header")).to_be_visible()
