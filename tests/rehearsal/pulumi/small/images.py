"""The shipped stacks with images of one file each: they are built and pushed within a second.

What is in the real ones is the business of `tests/image`.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from mlops_infra.engines.builder import found_builder
from tests.conftest import REPOSITORY
from tests.image.engines import packages

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"image": "serve.py", "gcp/front": "nginx.conf"}


def copy_stacks(project: Path) -> Path:
    """Give a project stacks of its own, and this machine a builder; return where they are."""
    packages.need("buildah", find=found_builder, otherwise="start Docker")
    stacks = project / "stacks"
    shutil.copytree(REPOSITORY / "stacks", stacks)
    for context, file in FILES.items():
        (stacks / context / "Dockerfile").write_text(f"FROM scratch\nCOPY {file} /\n")
    return stacks
