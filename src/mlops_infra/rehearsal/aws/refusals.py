"""Calls that the account refuses: credentials that have expired, permissions that are missing."""

# ruff: noqa: SLF001 - ministack offers no other door to its dispatcher

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.rehearsal.aws.innards import actions, app, router

if TYPE_CHECKING:
    from mlops_infra.rehearsal.aws.mended.ways import Props
    from mlops_infra.rehearsal.faults import Faults


def install(faults: Faults) -> None:
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
        refused = faults.refusal(action)
        if refused is None:
            return await dispatch(method, path, headers, body, query, request_id)
        return actions.access_denied_response(
            service,
            action,
            "arn:aws:iam::000000000000:user/somebody",
            request_id,
            error_code=refused["code"],
            message=refused["message"],
            headers=headers,
        )

    app._dispatch_service_request = dispatch_or_refuse
