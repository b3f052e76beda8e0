"""What Google does for every type: ids, APIs that must be on, labels, and the project itself."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pulumi_gcp as gcp

from mlops_infra.rehearsal.pulumi.cloud import Resource
from mlops_infra.rehearsal.pulumi.description import CloudError, Function, ResourceType
from mlops_infra.rehearsal.pulumi.schema import output_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pulumi

    from mlops_infra.rehearsal.pulumi.description import Call, Properties

NUMBER = "123456789012"
"""Of every emulated project."""

API = "gcp:projects/service:Service"
APIS = {
    "artifactregistry": "artifactregistry",
    "certificatemanager": "certificatemanager",
    "cloudrunv2": "run",
    "compute": "compute",
    "iam": "iam",
    "kms": "cloudkms",
    "logging": "logging",
    "monitoring": "monitoring",
    "secretmanager": "secretmanager",
    "serviceaccount": "iam",
    "servicenetworking": "servicenetworking",
    "sql": "sqladmin",
    "storage": "storage",
}
"""The API that each module of the provider talks to."""


def resource(
    sdk: type[pulumi.Resource],
    path: str | Callable[[Call], str],
    *,
    computed: Callable[[Call], Properties] = lambda _: {},
    refuse: Callable[[Call], None] = lambda _: None,
    after_create: Callable[[Call], None] = lambda _: None,
    before_delete: Callable[[Call], None] = lambda _: None,
    after_delete: Callable[[Call], None] = lambda _: None,
    replace_on: frozenset[str] = frozenset(),
    replace_on_less: frozenset[str] = frozenset(),
    enums: Mapping[str, frozenset[str]] | None = None,
    volatile: frozenset[str] = frozenset(),
    secret: frozenset[str] = frozenset(),
    takes_over: bool = False,
) -> ResourceType:
    """Describe a type by the path of its id, with `{project}`, `{region}` and names of inputs.

    `refuse` sees every create and update.
    """
    named = frozenset(re.findall(r"\{(\w+)\}", path)) if isinstance(path, str) else frozenset()

    def make_id(call: Call) -> str:
        if not isinstance(path, str):
            return path(call)
        known = {"project": project(call), "region": region(call)}
        return path.format_map({**known, **call.inputs})

    def before_create(call: Call) -> None:
        _refuse_without_api(call, sdk)
        refuse(call)

    return ResourceType(
        sdk=sdk,
        id=make_id,
        computed=lambda call: {**_common(call, sdk), **computed(call)},
        replace_on=named | {"project", "name", "location", "region"} | replace_on,
        replace_on_less=replace_on_less,
        enums=enums or {},
        volatile=volatile,
        secret=secret,
        takes_over=takes_over,
        before_create=before_create,
        after_create=after_create,
        before_update=refuse,
        before_delete=before_delete,
        after_delete=after_delete,
    )


def project(call: Call) -> str:
    """Return the project that a resource is in: its own input, else the provider's."""
    return call.inputs.get("project") or call.config["project"]


def region(call: Call) -> str:
    """Return the region that a resource is in: its own input, else the provider's."""
    return call.inputs.get("region") or call.config["region"]


def require(call: Call, kind: str, resource_id: str) -> Resource:
    """Return what a resource names.

    Raises:
        CloudError: it is not there.
    """
    found = call.cloud.get(kind, resource_id)
    if found is None:
        raise CloudError(f"googleapi: Error 404: the resource '{resource_id}' was not found")
    return found


def _refuse_without_api(call: Call, sdk: type[pulumi.Resource]) -> None:
    module = sdk.pulumi_type.split(":")[1].split("/")[0]  # ty: ignore[missing-attribute] - set by pulumi.type_token
    api = APIS.get(module)
    if api and call.cloud.get(API, f"{project(call)}/{api}.googleapis.com") is None:
        raise CloudError(
            f"googleapi: Error 403: {api}.googleapis.com has not been used in project"
            f" {project(call)} before or it is disabled: SERVICE_DISABLED"
        )


def _common(call: Call, sdk: type[pulumi.Resource]) -> Properties:
    """Return what many types have: where they are, and the labels that they really get."""
    labels = {
        **json.loads(call.config.get("defaultLabels", "{}")),
        **call.inputs.get("labels", {}),
    }
    known = {
        "project": project(call),
        "region": region(call),
        "selfLink": f"https://www.googleapis.com/compute/v1/{call.id}",
        "effectiveLabels": labels,
        "pulumiLabels": labels,
    }
    wanted = output_names(sdk) - call.inputs.keys()
    return {key: value for key, value in known.items() if key in wanted}


def _stays_on(call: Call) -> None:
    if not call.inputs.get("disableOnDestroy", False):
        call.cloud.put(API, call.id, Resource(inputs=call.inputs, outputs=call.old))


TYPES = (
    resource(
        gcp.projects.Service,
        "{project}/{service}",
        takes_over=True,
        after_delete=_stays_on,
    ),
)

FUNCTIONS = (
    Function(
        token="gcp:organizations/getProject:getProject",  # noqa: S106 - a name
        arguments=frozenset({"projectId"}),
        answer=lambda call: {
            "id": f"projects/{call.inputs['projectId']}",
            "projectId": call.inputs["projectId"],
            "name": call.inputs["projectId"],
            "number": NUMBER,
            "labels": {},
        },
    ),
    Function(
        token="gcp:storage/getProjectServiceAccount:getProjectServiceAccount",  # noqa: S106 - a name
        arguments=frozenset({"project"}),
        answer=lambda call: {
            "project": call.inputs["project"],
            "emailAddress": f"service-{NUMBER}@gs-project-accounts.iam.gserviceaccount.com",
        },
    ),
)
