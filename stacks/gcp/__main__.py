"""What `pulumi` runs by hand: `pulumi --cwd stacks/gcp preview --stack prod`.

The stack's name is the environment's. Images are those that the last deploy has pushed: only
`mlops-infra` builds them.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

# Pulumi puts this folder before Python's own, where `platform` and `secrets` mean something else.
sys.path[:] = [str(ROOT), *(each for each in sys.path if Path(each).resolve() != HERE)]

import pulumi  # noqa: E402 - only now is it found with what it needs

from mlops_infra.config.loader import load_environment  # noqa: E402 - likewise
from mlops_infra.errors import InfraError  # noqa: E402 - likewise
from stacks.gcp.platform import program  # noqa: E402 - likewise


def main() -> None:
    """Declare the environment that the stack is named after."""
    try:
        program(load_environment(ROOT, pulumi.get_stack()))
    except InfraError as error:
        raise pulumi.RunError(error.message) from error


if __name__ == "__main__":
    main()
