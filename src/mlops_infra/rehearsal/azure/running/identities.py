"""The endpoint where what runs in a container app gets tokens of the app's identities.

https://learn.microsoft.com/azure/container-apps/managed-identity#rest-endpoint-reference
"""

from __future__ import annotations

import json
import secrets
import time
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import jwt

from mlops_infra.rehearsal.azure.running.apps import APP
from mlops_infra.rehearsal.azure.server import IDENTITY, TENANT
from mlops_infra.rehearsal.ports import HOST

if TYPE_CHECKING:
    from mlops_infra.rehearsal.pulumi.cloud import Cloud

HEADER = "X-IDENTITY-HEADER"
LIFE_SECONDS = 24 * 3600
WITHIN = {"Main", "All"}
"""Of an identity's `lifecycle`: those that the containers of an app may take."""


class Identities:
    """Answers on a port of its own, until the process ends."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._headers: dict[str, str] = {}
        server = ThreadingHTTPServer((HOST, 0), partial(_Handler, self))
        self._url = f"http://{HOST}:{server.server_port}/msi/token"
        Thread(target=server.serve_forever, daemon=True, name="identities").start()

    def variables(self, app: str) -> dict[str, str]:
        """Return what the platform sets in the containers of an app, by its id."""
        header = self._headers.setdefault(app, secrets.token_hex(16))
        return {"IDENTITY_ENDPOINT": self._url, "IDENTITY_HEADER": header}

    def token(self, header: str, client_id: str, resource: str) -> dict[str, Any] | None:
        """Return what the endpoint answers; None where who asks has no such identity."""
        for app, known in self._headers.items():
            if secrets.compare_digest(known, header) and client_id in self._clients(app):
                return _answer(client_id, resource)
        return None

    def _clients(self, app: str) -> set[str]:
        found = self._cloud.of(APP)[app].inputs
        settings = found["configuration"].get("identitySettings") or ()
        lifecycles = {each["identity"]: each["lifecycle"] for each in settings}
        known = self._cloud.of(IDENTITY)
        return {
            known[each].outputs["clientId"]
            for each in found["identity"]["userAssignedIdentities"]
            if lifecycles.get(each, "All") in WITHIN
        }


def _answer(client_id: str, resource: str) -> dict[str, Any]:
    now = int(time.time())
    claims = {
        "aud": resource,
        "iss": f"https://sts.windows.net/{TENANT}/",
        "appid": client_id,
        "iat": now,
        "nbf": now - 60,
        "exp": now + LIFE_SECONDS,
    }
    return {
        # By a key that nobody has: azurite looks at what a token says, not at who signed it.
        "access_token": jwt.encode(claims, secrets.token_bytes(32), algorithm="HS256"),
        "client_id": client_id,
        "expires_on": str(now + LIFE_SECONDS),
        "resource": resource,
        "token_type": "Bearer",
    }


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, identities: Identities, *words: Any) -> None:  # noqa: ANN401 - http.server's own
        self._identities = identities
        super().__init__(*words)

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        client, resource = (asked.get(key, [""])[0] for key in ("client_id", "resource"))
        token = self._identities.token(self.headers.get(HEADER, ""), client, resource)
        refused = {"statusCode": 400, "message": f"no managed identity '{client}' is to be had"}
        body = json.dumps(token or refused).encode()
        self.send_response(HTTPStatus.OK if token else HTTPStatus.BAD_REQUEST)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *words: object) -> None:  # noqa: A002 - http.server's own
        """Say nothing: the emulator's log is for what goes wrong."""
