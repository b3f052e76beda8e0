"""Whether this machine's clock is right: clouds refuse what is signed at another time."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from mlops_infra.errors import InfraError, PrerequisiteError

MOST_SECONDS = 300
"""How far off it may be: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
Entra allows as much: https://learn.microsoft.com/entra/identity-platform/id-tokens#validate-tokens"""
ANSWER_SECONDS = 10


def check_clock(url: str) -> str:
    """Compare it with the clock of whoever answers there.

    Raises:
        PrerequisiteError: it is off.
        InfraError: there is no answer.
    """
    host = urlsplit(url).hostname or url
    try:
        answer = httpx.head(url, timeout=ANSWER_SECONDS)
    except httpx.HTTPError as error:
        raise InfraError(f"{host} does not tell its time: {str(error).lower()}") from error
    return compared(answer, host, now=datetime.now(UTC))


def compared(answer: httpx.Response, host: str, *, now: datetime) -> str:
    """Compare it with the `Date` of an answer, which a refusal has, too."""
    try:
        seconds = round((now - parsedate_to_datetime(answer.headers["date"])).total_seconds())
    except (KeyError, ValueError, TypeError) as error:  # none, or no date, or no time zone
        raise InfraError(f"{host} does not tell its time") from error
    if abs(seconds) > MOST_SECONDS:
        way = "ahead of" if seconds > 0 else "behind"
        raise PrerequisiteError(
            f"this machine's clock is {abs(seconds)} s {way} that of {host}",
            hint="sudo timedatectl set-ntp true",
        )
    return f"as that of {host}"
