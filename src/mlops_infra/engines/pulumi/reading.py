"""What a stack's state says, for whoever only asks: read where Pulumi keeps it, without Pulumi.

So a data scientist needs no Pulumi for the tracking URI, and `status --all` does not start it once
an environment: most of what `pulumi stack export` takes is its start.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from mlops_infra.config.models import Cloud
from mlops_infra.engines.pulumi.clouds import cloud_of
from mlops_infra.engines.pulumi.deployment import Deployment
from mlops_infra.engines.pulumi.state import state_url
from mlops_infra.engines.pulumi.workspace import Workspace

if TYPE_CHECKING:
    from mlops_infra.model import Target

STORES = {"gs": Cloud.GCP, "azblob": Cloud.AZURE}
VERSIONS = {3, 4}
"""Of what the pinned Pulumi writes; 4 where a stack uses what few Pulumis know, such as hooks.
https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/go/common/apitype/core.go"""


def read(target: Target) -> Deployment | None:
    """Return the state, or None where there is no such stack.

    Pulumi is asked where only it knows the way: `s3://`, another cloud's bucket, another version.

    Raises:
        PrerequisiteError: nobody is signed in to the cloud, or may not read it.
    """
    url = urlsplit(state_url(target))
    environment = target.environment
    key = f".pulumi/stacks/{environment.project}/{environment.name}.json"
    if url.scheme == "file":
        file = Path(url.netloc + url.path).expanduser() / key
        body = file.read_bytes() if file.exists() else None
    elif STORES.get(url.scheme) is target.cloud:
        path = f"{url.path.strip('/')}/{key}".lstrip("/")
        body = cloud_of(target).stored(url.netloc, path, dict(parse_qsl(url.query)))
    else:
        return Workspace(target).export()
    if body is None:
        return None
    found = json.loads(body)
    if found["version"] not in VERSIONS:
        return Workspace(target).export()
    return Deployment(document={"deployment": found["checkpoint"].get("latest") or {}})
