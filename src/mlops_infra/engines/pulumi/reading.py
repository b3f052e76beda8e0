"""What a stack's state says, for whoever only asks: read where Pulumi keeps it, without Pulumi.

So a data scientist needs no Pulumi for the tracking URI, and `status --all` does not start it once
an environment: most of what `pulumi stack export` takes is its start.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mlops_infra.engines.pulumi.deployment import Deployment
from mlops_infra.engines.pulumi.files import files_of
from mlops_infra.engines.pulumi.workspace import Workspace

if TYPE_CHECKING:
    from mlops_infra.model import Target

VERSIONS = {3, 4}
"""Of what the pinned Pulumi writes; 4 where a stack uses what few Pulumis know, such as hooks.
https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/go/common/apitype/core.go"""


def read(target: Target) -> Deployment | None:
    """Return the state, or None where there is no such stack.

    Pulumi is asked where only it knows the way: `s3://`, another cloud's bucket, another version.

    Raises:
        PrerequisiteError: nobody is signed in to the cloud, or may not read it.
    """
    files, environment = files_of(target), target.environment
    if files is None:
        return Workspace(target).export()
    body = files.read(f"stacks/{environment.project}/{environment.name}.json")
    if body is None:
        return None
    found = json.loads(body)
    if found["version"] not in VERSIONS:
        return Workspace(target).export()
    return Deployment(document={"deployment": found["checkpoint"].get("latest") or {}})
