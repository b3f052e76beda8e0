"""A registry of images, as the clouds have it: what a builder pushes is checked and kept.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md, and its logins:
https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import uuid4

from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlops_infra.rehearsal.pulumi.web import Asked

FOLDER = "images"
OCI = "application/vnd.oci.image.manifest.v1+json"
PATH = re.compile(r"/v2/(?P<name>.+?)/(?P<kind>blobs|manifests)/(?P<rest>.+)")
TOKEN = "what a builder shows once it has signed in"  # noqa: S105 - opens nothing


@dataclass(frozen=True, kw_only=True)
class Registry:
    """Answers for the repositories of one cloud."""

    lets_in: Callable[[Asked, str, str], bool]
    """Whether a user name and a password are right."""
    has: Callable[[Asked, str], bool]
    """Whether the cloud has the repository that an image's path is in."""
    keeps_tags: Callable[[Asked, str], bool]
    """Whether a tag stays with the image that it was first given to."""

    def answer(self, asked: Asked) -> Response:
        """Answer one request."""
        request = asked.request
        if request.path == "/v2/token":
            auth = request.authorization
            known = auth and self.lets_in(asked, auth.username or "", auth.password or "")
            return _json({"token": TOKEN}) if known else _refused(401, "UNAUTHORIZED")
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            realm = f'Bearer realm="https://{asked.host}/v2/token",service="{asked.host}"'
            answer = _refused(401, "UNAUTHORIZED")
            answer.headers["WWW-Authenticate"] = realm
            return answer
        if request.path == "/v2/":
            return _json({})
        found = PATH.fullmatch(request.path)
        if found is None or not self.has(asked, found["name"]):
            return _refused(404, "NAME_UNKNOWN")
        files = repository(asked.folder, asked.host, found["name"])
        if found["kind"] == "blobs":
            return _blob(asked, files, found["name"], found["rest"])
        is_kept = self.keeps_tags(asked, found["name"])
        return _manifest(asked, files, found["rest"], is_kept=is_kept)


def repository(folder: Path, host: str, name: str) -> Path:
    """Return the folder of an image; a tag is a file in it, named after the tag."""
    return folder / FOLDER / host / name


def _blob(asked: Asked, files: Path, name: str, rest: str) -> Response:
    request = asked.request
    if request.method == "POST":
        started = f"uploads/{uuid4()}"
        _write(files / started, b"")
        return Response(status=202, headers={"Location": f"/v2/{name}/blobs/{started}"})
    file = files / rest
    if not file.is_file():
        return _refused(404, "BLOB_UNKNOWN")
    if request.method in {"PATCH", "PUT"}:
        body = file.read_bytes() + request.get_data()
        file.write_bytes(body)
        if request.method == "PATCH":
            where = {"Location": request.path, "Range": f"0-{len(body) - 1}"}
            return Response(status=202, headers=where)
        digest = request.args["digest"]
        if _digest(body) != digest:
            return _refused(400, "DIGEST_INVALID")
        file.rename(files / digest)
        return Response(status=201, headers={"Location": f"/v2/{name}/blobs/{digest}"})
    return _sent(file, "application/octet-stream")


def _manifest(asked: Asked, files: Path, tag: str, *, is_kept: bool) -> Response:
    request, file = asked.request, files / tag
    if request.method != "PUT":
        if not file.is_file():
            return _refused(404, "MANIFEST_UNKNOWN")
        return _sent(file, json.loads(file.read_bytes()).get("mediaType", OCI))
    body = request.get_data()
    described = json.loads(body)
    needed = [described["config"], *described["layers"]]
    if not all((files / each["digest"]).is_file() for each in needed):
        return _refused(400, "MANIFEST_BLOB_UNKNOWN")
    if is_kept and file.is_file() and file.read_bytes() != body:
        return _refused(400, "TAG_INVALID")
    _write(file, body)
    return Response(status=201, headers={"Docker-Content-Digest": _digest(body)})


def _sent(file: Path, kind: str) -> Response:
    body = file.read_bytes()
    return Response(body, content_type=kind, headers={"Docker-Content-Digest": _digest(body)})


def _write(file: Path, body: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(body)


def _digest(body: bytes) -> str:
    return f"sha256:{sha256(body).hexdigest()}"


def _json(body: object) -> Response:
    return Response(json.dumps(body), content_type="application/json")


def _refused(status: int, code: str) -> Response:
    answer = _json({"errors": [{"code": code, "message": code.lower()}]})
    answer.status_code = status
    return answer
