"""The CDK command line, pinned, run as anybody would by hand in the project's folder."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from mlops_infra.engines import process
from mlops_infra.engines.builder import found_builder
from mlops_infra.engines.cdk.account import aws_of
from mlops_infra.engines.cdk.failures import remedy
from mlops_infra.errors import InfraError, PrerequisiteError
from mlops_infra.project import stacks_dir

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Generator, Iterator

    from mlops_infra.model import Target

CLI_VERSION = "2.1148.1"
INSTALL = f"npm install aws-cdk@{CLI_VERSION}"
NODE_VERSION = 18
"""The oldest that the CLI says it runs on: `engines` in its package.json."""
NO_BUILDER = "true"
"""A container builder that builds nothing: a plan needs the change set, not the image."""


class Toolkit:
    """The CDK CLI for one target's stack, or, with `deployer`, for that of whom CI deploys as."""

    def __init__(self, target: Target, *, deployer: str = "") -> None:
        """`deployer` is `alone`, or `with-provider` where the account is to learn of GitHub."""
        self._target, self._deployer = target, deployer
        environment = target.environment
        self._stack_name = environment.deployer_name if deployer else environment.full_name
        log_dir = target.project_dir / ".mlops-infra" / "aws"
        self.log = log_dir / f"{target.environment.name}.log"

    @cached_property
    def assembly(self) -> Path:
        """Where the cloud assembly is, once it has been made."""
        return Path(self._folder.name) / "cdk.out"

    @cached_property
    def _folder(self) -> TemporaryDirectory[str]:
        """Of this run: the CLI refuses a folder that an orphan of a killed run still reads."""
        return TemporaryDirectory(prefix="mlops-infra-cdk-")

    def check(self) -> None:
        """See that Node and the CLI are there.

        Raises:
            PrerequisiteError: they are not.
        """
        self.node()
        self.version()

    def node(self) -> str:
        """Return the version of Node.js.

        Raises:
            PrerequisiteError: there is none, or one that is too old.
        """
        hint = "apt install nodejs npm"
        program = shutil.which("node")
        if program is None:
            raise PrerequisiteError("Node.js is not installed, and the CDK runs on it", hint=hint)
        found = process.run([program, "--version"], env=os.environ).strip()
        if _numbers(found)[0] < NODE_VERSION:
            raise PrerequisiteError(
                f"Node.js is {found}, the CDK needs {NODE_VERSION} or newer", hint=hint
            )
        return found

    def version(self) -> str:
        """Return the CLI's version, without starting it where npm has installed it.

        Raises:
            PrerequisiteError: there is none, or one that is older than what the stack is made with.
        """
        program = self._program()
        package = Path(program).resolve().parents[1] / "package.json"
        if package.exists():
            found = str(json.loads(package.read_text()).get("version", ""))
        else:
            found = process.run([program, "--version"], env=os.environ).split()[0]
        if _numbers(found) < _numbers(CLI_VERSION):
            raise PrerequisiteError(
                f"the CDK command line is {found}, at least {CLI_VERSION} is needed", hint=INSTALL
            )
        return found

    def synth(self) -> None:
        """Make the cloud assembly, where no run of the CLI has made it yet."""
        if not self._is_synthesised:
            self._run("synth", "--quiet", *self._app())

    @property
    def _is_synthesised(self) -> bool:
        return (self.assembly / "manifest.json").exists()

    def _app(self) -> list[str]:
        """Return what the CLI reads the stack from: the code once, then the assembly that it made.

        Whatever run comes first synthesises, so that none is for that alone: it costs a second.
        """
        if self._is_synthesised:
            return ["--app", str(self.assembly)]
        code = shlex.join([sys.executable, "-m", "stacks.aws"])
        context = ["--context", f"env={self._target.environment.name}"]
        if self._deployer:
            context += ["--context", f"deployer={self._deployer}"]
        return ["--app", code, *context, "--output", str(self.assembly)]

    @property
    def protects(self) -> bool:
        """Whether the stack is to have termination protection once it is deployed."""
        return self._target.environment.protected

    def prepare(
        self,
        change_set: str,
        *,
        is_protected: bool,
        reverts_drift: bool,
        builder: str | None = None,
    ) -> None:
        """Create a change set without executing it; publishes what the template refers to.

        The stack's termination protection stays as it is, `is_protected`. With `reverts_drift`
        CloudFormation compares with what is there, not with what it deployed: minutes longer.
        """
        with self._told_protected(is_protected=is_protected):
            # Takes back the bucket that a teardown kept.
            words = [*self._deploy("prepare-change-set", change_set), "--import-existing-resources"]
            if reverts_drift:
                words.append("--revert-drift")
            self._run(*words, builder=builder)

    @contextmanager
    def _told_protected(self, *, is_protected: bool) -> Generator[None]:
        """Have the assembly say that of the stack: else the CLI switches it while it prepares."""
        if is_protected == self.protects:
            yield
            return
        self.synth()
        manifest = self.assembly / "manifest.json"
        wanted = manifest.read_text()
        said = json.loads(wanted)
        said["artifacts"][self._stack_name]["properties"]["terminationProtection"] = is_protected
        manifest.write_text(json.dumps(said))
        try:
            yield
        finally:
            manifest.write_text(wanted)

    def execute(self, change_set: str) -> subprocess.Popen[bytes]:
        """Start to execute a prepared change set; CloudFormation goes on if we are killed."""
        return self._start(*self._deploy("execute-change-set", change_set))

    def rollback(self) -> subprocess.Popen[bytes]:
        """Start to bring a stack that failed half-way back to its last good state."""
        return self._start("rollback", self._stack_name, *self._app())

    def destroy(self) -> subprocess.Popen[bytes]:
        """Start to delete the stack; resources that it retains stay."""
        return self._start("destroy", self._stack_name, "--force", *self._app())

    def bootstrap(self, where: str) -> None:
        """Make, or renew, what the CLI deploys with in `aws://ACCOUNT/REGION`."""
        # In a folder with a cdk.json it would start the stack's code first, for nothing, and with
        # whatever `python` is on PATH.
        self.finish(self._start("bootstrap", where, cwd=self.assembly.parent))

    def _deploy(self, method: str, change_set: str) -> list[str]:
        return [
            "deploy",
            self._stack_name,
            *self._app(),
            "--method",
            method,
            "--change-set-name",
            change_set,
            "--require-approval",
            "never",
        ]

    def template(self) -> dict[str, Any]:
        """Return the template, as synthesised."""
        self.synth()
        return json.loads((self.assembly / f"{self._stack_name}.template.json").read_text())

    def images(self) -> Iterator[tuple[str, str]]:
        """Yield the repository and the tag of each image that the stack has built here."""
        self.synth()
        assets = json.loads((self.assembly / f"{self._stack_name}.assets.json").read_text())
        for image in assets.get("dockerImages", {}).values():
            for each in image["destinations"].values():
                yield each["repositoryName"], each["imageTag"]

    def finish(self, started: subprocess.Popen[bytes]) -> None:
        """Wait for a run to end.

        Raises:
            InfraError: it failed; the message ends with its own last words.
        """
        if started.wait():
            said = [
                line for line in self.log.read_text(errors="replace").splitlines() if line.strip()
            ]
            tail = "\n".join(f"  {line}" for line in said[-8:])
            mends = remedy("\n".join(said), region=aws_of(self._target).region)
            raise InfraError(
                f"the CDK command line failed\n{tail}",
                hint=mends or f"all that it said: {self.log}",
            )

    def _run(self, *arguments: str, builder: str | None = None) -> None:
        self.finish(self._start(*arguments, builder=builder))

    def _start(
        self, *arguments: str, builder: str | None = None, cwd: Path | None = None
    ) -> subprocess.Popen[bytes]:
        env = {
            **os.environ,
            "PYTHONPATH": str(stacks_dir(self._target.project_dir).parent),
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
            "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "1",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CDK_VALIDATION": "false",  # 3 s of rules, for a log; the change set is what validates
        }
        if chosen := builder or found_builder():
            env["CDK_DOCKER"] = chosen
        self.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.log.unlink(missing_ok=True)
        common = ["--no-color", "--no-notices", "--ci"]
        return process.spawn(
            [self._program(), *arguments, *common],
            env=env,
            log=self.log,
            cwd=cwd or self._target.project_dir,
        )

    def _program(self) -> str:
        own = self._target.project_dir / "node_modules" / ".bin" / "cdk"
        found = str(own) if own.exists() else shutil.which("cdk")
        if not found:
            raise PrerequisiteError("the CDK command line is not installed", hint=INSTALL)
        return found


def _numbers(version: str) -> tuple[int, ...]:
    """Return `v22.1.0` as what can be compared; nothing where it is none."""
    return tuple(int(each) for each in re.findall(r"\d+", version)[:3]) or (0,)
