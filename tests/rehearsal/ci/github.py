"""An emulated GitHub: the issues and comments of one repository, as `gh api` asks for them.

It speaks to the real `gh` over a socket file. A request that it does not know is an error, and so
is one without the token.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Generator

REPOSITORY = "example/mlops"
TOKEN = "ghs_emulated"
BOT = "github-actions[bot]"
ISSUES = f"/repos/{REPOSITORY}/issues"


class GitHub:
    """What is there, and what was asked that must not be."""

    def __init__(self, config: Path) -> None:
        self.environ = {"GH_CONFIG_DIR": str(config)}
        self.comments: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.refused: list[str] = []

    def answer(self, method: str, url: str, body: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
        """Return what GitHub would; None is a refusal."""
        path, query = urlsplit(url).path, parse_qs(urlsplit(url).query)
        query.pop("per_page", None)
        if found := re.fullmatch(rf"{ISSUES}/(\d+)/comments", path):
            return self._comments(method, int(found[1]), body)
        if found := re.fullmatch(rf"{ISSUES}/comments/(\d+)", path):
            return _changed(method, self.comments, "id", int(found[1]), body)
        if found := re.fullmatch(rf"{ISSUES}/(\d+)", path):
            return _changed(method, self.issues, "number", int(found[1]), body)
        if path == ISSUES and method == "POST" and body.keys() == {"title", "body"}:
            made = {"number": len(self.issues) + 1, "state": "open", "creator": BOT, **body}
            self.issues.append(made)
            return made
        if path == ISSUES and method == "GET":
            wanted = {name: value for name, [value] in query.items()}
            return [each for each in self.issues if wanted.items() <= each.items()]
        return None

    def _comments(self, method: str, number: int, body: dict[str, str]) -> Any:  # noqa: ANN401 - any JSON
        if method == "GET":
            return [each for each in self.comments if each["on"] == number]
        if method != "POST" or body.keys() != {"body"}:
            return None
        self.say(number, BOT, body["body"])
        return self.comments[-1]

    def say(self, number: int, who: str, body: str) -> None:
        """Have somebody comment on an issue or a pull request."""
        made = {"id": len(self.comments) + 1, "on": number, "user": {"login": who}, "body": body}
        self.comments.append(made)


def _changed(
    method: str, there: list[dict[str, Any]], key: str, value: int, body: dict[str, str]
) -> Any:  # noqa: ANN401 - JSON
    for each in there:
        if method == "PATCH" and each[key] == value and body.keys() <= each.keys():
            each.update(body)
            return each
    return None


@contextmanager
def emulated() -> Generator[GitHub]:
    """Answer `gh` inside a `with` block."""
    with TemporaryDirectory(prefix="gh-") as folder:  # a socket's path may have 107 characters
        found = GitHub(Path(folder))
        address = str(Path(folder) / "api")
        (Path(folder) / "config.yml").write_text(f"http_unix_socket: {address}\n")
        with ThreadingUnixStreamServer(address, _handler(found)) as server:
            Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
            try:
                yield found
            finally:
                server.shutdown()


def _handler(github: GitHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or "{}")
            is_ours = self.headers["Authorization"] == f"token {TOKEN}"
            answer = github.answer(self.command, self.path, body) if is_ours else None
            if answer is None:
                github.refused.append(f"{self.command} {self.path} {body}")
            self.send_response(200 if answer is not None else 404)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps({} if answer is None else answer).encode())

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815 - the library's names

        def address_string(self) -> str:
            return "gh"  # a socket file has no address

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its names
            """Say nothing."""

    return Handler
