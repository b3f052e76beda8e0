"""What `pulumi` runs by hand: `pulumi --cwd stacks/azure preview --stack prod`.

The stack's name is the environment's. The image is the one that the preview shows: only
`mlops-infra` builds it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

# Pulumi puts this folder before Python's own, where `platform` means something else.
sys.path[:] = [str(ROOT), *(each for each in sys.path if Path(each).resolve() != HERE)]

import pulumi  # noqa: E402 - only now is it found with what it needs

from mlops_infra import entrypoint  # noqa: E402 - likewise
from stacks.azure.platform import program  # noqa: E402 - likewise

if TYPE_CHECKING:
    from mlops_infra.config.models import Environment


def declare(environment: Environment) -> None:
    """Declare an environment, as Pulumi's configuration asks for it."""
    config = pulumi.Config()
    program(environment, recover_vault=config.get_bool("recover_vault") or False)


if __name__ == "__main__":
    entrypoint.run(declare, project_dir=ROOT)
