"""Builds the server image and runs it, with what this machine has for that.

image.py      what a built image can be asked for, and what runs of it
docker.py     Docker or Podman: where one of them can run the image's base, nothing else is needed
buildah.py    else Buildah builds it and Bubblewrap runs it, without a daemon or a registry
base.py       the base for that: the Debian and Python of the official one, from Debian's packages
packages.py   installs what this needs, where it may
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.image.engines import buildah, docker

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.image.engines.image import Image

NAME = "mlops-infra-image-test"


@contextmanager
def build(context: Path) -> Generator[Image]:
    """Build the Dockerfile in `context`, every time; layers that did not change come from a cache.

    Raises:
        PrerequisiteError: nothing here can, and nothing may be installed.
    """
    base = _base(context)
    program = docker.find(base)
    if program:
        yield docker.build(program, context, name=NAME)
    else:
        with buildah.build(context, name=NAME, base=base) as image:
            yield image


def _base(context: Path) -> str:
    """Return the base image that the Dockerfile declares."""
    declared = re.search(r"^ARG BASE=(\S+)$", (context / "Dockerfile").read_text(), re.MULTILINE)
    assert declared, "the Dockerfile has no ARG BASE"
    return declared[1]
