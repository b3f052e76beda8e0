"""The API of Service Quotas, as a service module of ministack's, which lacks it.

https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/Welcome.html
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from mlops_infra.rehearsal.aws.innards import app, responses, router

if TYPE_CHECKING:
    from mlops_infra.rehearsal.settings import Settings

JSON = "application/x-amz-json-1.1"
NAMES = {
    ("vpc", "L-F678F1CE"): "VPCs per Region",
    ("vpc", "L-A4707A72"): "Internet gateways per Region",
    ("ec2", "L-0263D0A3"): "EC2-VPC Elastic IPs",
    ("rds", "L-7B6409FD"): "DB instances",
}
LIMIT = 1000
"""Of an account whose limits have been raised; the setting `quotas` lowers one, by its code."""


def install(settings: Settings) -> None:
    """Make it one of ministack's services."""

    async def handle_request(
        method: str,  # noqa: ARG001 - every request is a POST to /
        path: str,  # noqa: ARG001 - as above
        headers: dict[str, str],
        body: bytes,
        query_params: dict[str, list[str]],  # noqa: ARG001 - as above
    ) -> Any:  # noqa: ANN401 - ministack's response
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        return _answer(action, json.loads(body or b"{}"), settings)

    service, module = "servicequotas", "servicequotas"
    app.SERVICE_REGISTRY[service] = {"module": module}
    app.SERVICE_HANDLERS[service] = handle_request
    app._loaded_modules[module] = sys.modules[__name__]  # noqa: SLF001 - its table of services
    router.SERVICE_PATTERNS[service] = {"target_prefixes": ["ServiceQuotasV20190624"]}


def reset() -> None:
    """Forget nothing: there is nothing to keep. Ministack asks each service for it."""


def _answer(action: str, wanted: dict[str, str], settings: Settings) -> Any:  # noqa: ANN401 - ministack's response
    service, code = wanted["ServiceCode"], wanted["QuotaCode"]
    if action not in {"GetServiceQuota", "GetAWSDefaultServiceQuota"}:
        return _refused("UnknownOperationException", f"not emulated: {action}")
    if (service, code) not in NAMES:
        return _refused("NoSuchResourceException", "The request failed because it is not there.")
    found = {
        "ServiceCode": service,
        "QuotaCode": code,
        "QuotaName": NAMES[service, code],
        "Value": float(settings.get("quotas", {}).get(code, LIMIT)),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }
    return responses.json_response({"Quota": found}, content_type=JSON)


def _refused(code: str, message: str) -> Any:  # noqa: ANN401 - ministack's response
    return responses.error_response_json(
        code, message, 400, message_key="Message", content_type=JSON
    )
