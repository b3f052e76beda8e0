"""Calls that the account refuses: expired credentials, missing permissions, a wrong clock."""

# ruff: noqa: SLF001 - ministack offers no other door to its dispatcher

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.rehearsal.aws.innards import actions, app, router
from mlops_infra.rehearsal.settings import CLOCK

if TYPE_CHECKING:
    from mlops_infra.rehearsal.aws.mended.ways import Props
    from mlops_infra.rehearsal.faults import Faults
    from mlops_infra.rehearsal.settings import Settings


CLOCK_SECONDS = 300
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html"""


def install(faults: Faults, settings: Settings) -> None:
    """Let every call ask first whether it is refused, and answer as its own service would."""
    dispatch = app._dispatch_service_request

    async def dispatch_or_refuse(
        method: str,
        path: str,
        headers: Props,
        body: bytes,
        query: Props,
        request_id: str,
    ) -> tuple[int, Props, bytes]:
        params = app._routing_params(method, path, headers, body, query)
        service = router.detect_service(method, path, headers, params)
        action = actions.extract_iam_action(service, method, path, headers, body, params) or ""
        refused = faults.refusal(action) or _out_of_time(settings)
        if refused is None:
            answer = await dispatch(method, path, headers, body, query, request_id)
        else:
            answer = actions.access_denied_response(
                service,
                action,
                "arn:aws:iam::000000000000:user/somebody",
                request_id,
                error_code=refused["code"],
                message=refused["message"],
                headers=headers,
            )
        if settings.get(CLOCK, 0):
            answer[1]["Date"] = settings.date
        return answer

    app._dispatch_service_request = dispatch_or_refuse


def _out_of_time(settings: Settings) -> dict[str, str] | None:
    """Refuse whoever signs at another time, in the words of AWS's query APIs."""
    if abs(settings.get(CLOCK, 0)) <= CLOCK_SECONDS:
        return None
    return {
        "code": "SignatureDoesNotMatch",
        "message": f"Signature not yet current or expired: it is {settings.date} here",
    }
