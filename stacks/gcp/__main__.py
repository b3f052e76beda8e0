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

from mlops_infra import entrypoint  # noqa: E402 - only now is it found with what it needs
from stacks.gcp.platform import program  # noqa: E402 - likewise

if __name__ == "__main__":
    entrypoint.run(program, project_dir=ROOT)
