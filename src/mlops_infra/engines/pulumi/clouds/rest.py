"""Asks a cloud's API over HTTPS, and turns its refusals into errors that a person can act on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpx

from mlops_infra.errors import InfraError, PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SECONDS = 30
DENIED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of a log, as a cloud has it."""

    id: str
    """No other line's."""
    time: str
    """As the cloud writes it: what asks for the lines from then on."""
    text: str


def get(url: str, token: str, query: Mapping[str, str] | None = None) -> dict[str, Any] | None:
    """Return what is at an address, or None where nothing is."""
    found = read(url, token, query)
    return None if found is None else json.loads(found)


def read(url: str, token: str, query: Mapping[str, str] | None = None) -> bytes | None:
    """Return the content of what is at an address, or None where nothing is."""
    found = _answer(lambda: _client().get(url, params=query, headers=_signed(token)))
    return found.content if found else None


def post(url: str, token: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to a question that does not fit into an address.

    Raises:
        InfraError: there is none, or only a part of it, which Azure tells in an answer that is
            none of its failures.
    """
    found = _answer(lambda: _client().post(url, json=body, headers=_signed(token)))
    if found is None:
        raise InfraError(f"not found: {url}")
    if "error" in found.json():
        raise InfraError(f"{found.request.url.host} has no whole answer: {_words(found)}")
    return found.json()


@cache
def _client() -> httpx.Client:
    """Return the one of this process: `status --all` asks each host for every environment."""
    return httpx.Client(timeout=SECONDS)


def _signed(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _answer(ask: Callable[[], httpx.Response]) -> httpx.Response | None:
    try:
        answer = ask()
    except httpx.HTTPError as error:
        raise InfraError(f"the cloud cannot be reached: {str(error).lower()}") from error
    host = answer.request.url.host
    if answer.status_code == HTTPStatus.NOT_FOUND:
        return None
    if answer.status_code in DENIED:
        raise PrerequisiteError(
            f"{host} does not allow that to this login: {_words(answer)}",
            hint="have that allowed, or sign in as somebody who may do it",
        )
    if not answer.is_success:
        raise InfraError(f"{host} answers {answer.status_code}: {_words(answer)}")
    return answer


def _words(answer: httpx.Response) -> str:
    """Return what both clouds say in `error.message`."""
    try:
        return str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase.lower()
