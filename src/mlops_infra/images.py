"""The images that programs of `azure` and `gcp` build: their tags, and what pushes them in time."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pulumi

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlops_infra.model import Publish


def content(context: Path) -> str:
    """Return what tells the files of an image from any others: equal files are equal images."""
    digest = sha256()
    for path in sorted(each for each in context.iterdir() if each.is_file()):
        digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:20]


def pushed_by(
    publish: Publish | None, built: Mapping[str, Path]
) -> pulumi.ResourceHookBinding | None:
    """Return what pushes each image before a server is made of it; `built` has their folders."""
    if not built:
        return None
    if publish is None:  # by hand
        references = ", ".join(built)
        pulumi.log.info(f"not built here: deploy once before, or push: {references}")
        return None
    pushes = [publish(reference, context) for reference, context in built.items()]

    def push(_: pulumi.ResourceHookArgs) -> None:
        for each in pushes:
            each()

    hook = pulumi.ResourceHook("push-images", push)
    return pulumi.ResourceHookBinding(before_create=[hook], before_update=[hook])
