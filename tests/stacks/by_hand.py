"""Runs a stack's folder as Pulumi's language host does: alone, in that folder, on a path it heads.

`python -m tests.stacks.by_hand FOLDER PROJECT STACK CONFIG` prints what is registered, as JSON.
What the program refuses goes to standard error, and its exit code is then 1, as the host's.
"""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi

from tests.conftest import REPOSITORY
from tests.stacks.registered import register

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stacks.registered import Inputs, Program

MODULE = "tests.stacks.by_hand"
INVOKE: dict[str, Callable[[Inputs], Inputs]] = {
    "azure-native:authorization:getClientConfig": lambda _: {"tenantId": "a tenant"},
    "gcp:organizations/getProject:getProject": lambda _: {"number": "123456789012"},
}
COMPUTED: dict[str, Inputs] = {
    "ContainerApp": {"identity": {}},
    "DatabaseInstance": {"privateIpAddress": "10.119.0.3", "serverCaCerts": [{"cert": "one"}]},
    "ManagedEnvironment": {"defaultDomain": "calmsea.westeurope.azurecontainerapps.io"},
    "RandomPassword": {"result": "a password"},
}
"""What a cloud adds to what it is told, as far as the programs need it, by the end of the type."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What came of one run by hand."""

    code: int
    said: str
    registered: dict[str, Any]
    """Inputs by URN."""
    exports: dict[str, Any]
    searched: list[str]
    """Modules that Python looked for in the folder, where they may mean something else."""


def by_hand(cloud: str, *, project: str, stack: str, config: dict[str, str] | None = None) -> Run:
    """Run `stacks/<cloud>` in an interpreter of its own; `config` has the project's names."""
    folder = str(REPOSITORY / "stacks" / cloud)
    done = subprocess.run(
        [
            *(sys.executable, "-W", "ignore", "-m", MODULE),
            *(folder, project, stack, json.dumps(config or {})),
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    printed = json.loads(done.stdout or "{}")
    return Run(
        code=done.returncode,
        said=done.stderr,
        registered=printed.get("registered", {}),
        exports=printed.get("exports", {}),
        searched=printed.get("searched", []),
    )


def registered(
    program: Callable[[], None], *, project: str, stack: str, config: dict[str, str]
) -> Program:
    """Return what a program registers."""
    return register(
        program,
        project=project,
        stack=stack,
        config={f"{project}:{name}": value for name, value in config.items()},
        compute=lambda token, _name, _inputs: COMPUTED.get(token.rpartition(":")[2], {}),
        invoke=INVOKE,
    )


def inputs_by_urn(program: Program) -> dict[str, Any]:
    return {each.urn: each.inputs for each in program.resources}


def main(folder: str, project: str, stack: str, config: str) -> None:
    """Run the folder, and print what came of it."""
    sys.path[:] = [each for each in sys.path if Path(each).resolve() != REPOSITORY]
    os.chdir(folder)
    searched: list[str] = []

    def listen(event: str, arguments: tuple[Any, ...]) -> None:
        """Note an import that is looked for in the folder."""
        if event == "import" and folder in map(os.path.realpath, sys.path):
            searched.append(arguments[0])

    def run() -> None:
        sys.addaudithook(listen)
        runpy.run_path(folder, run_name="__main__")

    found = registered(run, project=project, stack=stack, config=json.loads(config))
    printed = {"registered": inputs_by_urn(found), "exports": found.exports, "searched": searched}
    sys.stdout.write(json.dumps(printed))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except pulumi.RunError as error:
        sys.exit(str(error))
