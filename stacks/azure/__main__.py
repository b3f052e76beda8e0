"""What `pulumi` runs in this folder, by hand, on the stack that `mlops-infra` deploys, too."""

from __future__ import annotations

import sys
from pathlib import Path

import pulumi

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # Pulumi starts here, and `stacks` is the project's own folder

from mlops_infra.config.loader import load_environment  # noqa: E402 - see above
from stacks.azure.platform import program  # noqa: E402 - see above

config = pulumi.Config("mlops-infra")
program(
    load_environment(ROOT, config.get("env") or pulumi.get_stack()),
    recover_vault=config.get_bool("recover_vault") or False,
)
