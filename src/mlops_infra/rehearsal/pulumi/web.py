"""What the emulated clouds answer over HTTPS, beside what they answer Pulumi's engine.

    client ── https_proxy ── TLS for the name ── the site of that name, in this process

A name that no site has is unknown, as it is to DNS.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from mlops_infra.rehearsal.doors import Served
from mlops_infra.rehearsal.ports import HOST
from mlops_infra.rehearsal.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from wsgiref.types import StartResponse, WSGIEnvironment

    from mlops_infra.rehearsal.pulumi.cloud import Cloud


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request, and what it is about."""

    request: Request
    cloud: Cloud
    folder: Path
    """The clouds' own, for what is kept in files."""

    @property
    def settings(self) -> Settings:
        return Settings(self.folder)

    @property
    def host(self) -> str:
        return self.request.host.partition(":")[0]


@dataclass(frozen=True, kw_only=True)
class Site:
    """One of a cloud's APIs."""

    host: str
    """A pattern of its names."""
    answer: Callable[[Asked], Response]
    is_there: Callable[[Cloud, str], bool] = lambda *_: True
    """Whether a name that the pattern has is one that DNS knows by now."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """What a service has printed, with the moment that its cloud would note."""

    id: str
    time: str
    text: str


def lines(folder: Path, service: str) -> Iterator[Line]:
    """Yield what the containers of a service have printed, one file each, oldest first."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    number = 0
    for file in sorted((folder / "logs").glob(f"{service}-*.log"), key=lambda each: each.name):
        for text in file.read_text(errors="replace").splitlines():
            moment = start + timedelta(milliseconds=number)
            stamp = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            yield Line(id=f"{file.name}-{number}", time=stamp, text=text)
            number += 1


def json_of(body: object) -> Response:
    """Return an answer in JSON."""
    return Response(json.dumps(body), content_type="application/json")


SETTINGS = "settings of the clouds"
"""What a server is given for its handlers, which see nothing else."""


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # a client may send in chunks

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - the library's
        """Say nothing: an address may hold a token."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return what the header `Date` says."""
        return super().date_time_string(timestamp) if timestamp else _clock_of(self.server).date


def _clock_of(server: object) -> Settings:
    return getattr(server, SETTINGS)


class Web:
    """The sites of some providers, on a port of their own."""

    def __init__(self, folder: Path, cloud: Cloud, sites: Iterable[Site]) -> None:
        self._folder, self._cloud, self._sites = folder, cloud, list(sites)
        self._server = make_server(HOST, 0, self._app, threaded=True, request_handler=_Quiet)
        setattr(self._server, SETTINGS, Settings(folder))
        Thread(target=self._server.serve_forever, daemon=True).start()

    def find(self, host: str) -> Served | None:
        """Return where on this machine a name is served."""
        return Served(port=self._server.server_port) if self._site(host) else None

    def _site(self, host: str) -> Site | None:
        for each in self._sites:
            if re.fullmatch(each.host, host) and each.is_there(self._cloud, host):
                return each
        return None

    def _app(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return self._answer(Request(environ))(environ, start)

    def _answer(self, request: Request) -> Response:
        asked = Asked(request=request, cloud=self._cloud, folder=self._folder)
        site = self._site(asked.host)
        try:
            answer = site.answer(asked) if site else Response(status=404)
        except HTTPException as error:
            body = {"error": {"code": error.code, "message": error.description}}
            answer = json_of(body)
            answer.status_code = error.code or answer.status_code
        return answer
