"""`python -m tools.bench.by_hand FOLDER STACK CLOUD PULUMI`: `pulumi preview` as plainly as can be.

By hand Pulumi's own Python language host would run the stack's program. It comes with the official
install alone, so here the Automation API runs it, with the same flags as `mlops-infra plan`.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from pulumi import automation

from mlops_infra.config.loader import load_environment


def main() -> None:
    """Preview an environment that is deployed, and fail where something would change."""
    folder, name, cloud, program = sys.argv[1:]
    environment = load_environment(Path(folder), name)
    stack = importlib.import_module(f"stacks.{cloud}.platform")
    found = automation.select_stack(
        stack_name=name,
        project_name=environment.project,
        program=lambda: stack.program(environment),
        opts=automation.LocalWorkspaceOptions(
            pulumi_command=automation.PulumiCommand(root=str(Path(program).parents[1])),
            env_vars={"PULUMI_BACKEND_URL": f"file://{folder}/state"},
        ),
    ).preview(refresh=True)
    if set(found.change_summary) != {automation.OpType.SAME}:
        raise SystemExit(f"it would change something: {found.change_summary}")


if __name__ == "__main__":
    main()
