"""An emulated AWS account, the real CDK CLI before it, and environments in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from mlops_infra.rehearsal.aws import EmulatedAws
from tests.conftest import REPOSITORY, Project

if TYPE_CHECKING:
    from collections.abc import Generator

IMAGE = "ghcr.io/example/mlflow-server:3.17.2"
"""A prebuilt one: these tests are about CloudFormation and need no builder."""


DOMAIN = {"domain": "mlflow.example.com", "allowed_cidrs": ["10.0.0.0/8"]}


@dataclass(frozen=True)
class Account:
    """The account as its owner sees it: through boto3 and through `cdk`."""

    aws: EmulatedAws
    folder: Path
    _clients: dict[str, Any] = field(default_factory=dict)
    _assemblies: dict[str, Path] = field(default_factory=dict)

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.aws.url,
                region_name=self.aws.region,
                aws_access_key_id=self.aws.account,
                aws_secret_access_key="emulated",
            )
        return self._clients[service]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def cdk(
        self, *words: str, code: int | None = 0, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the CDK CLI as a user would; `code` is the exit code it must end with."""
        done = subprocess.run(
            self.argv(*words),
            cwd=cwd or self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if code is not None:
            assert done.returncode == code, f"cdk {words}\n{done.stdout}\n{done.stderr}"
        return done

    def argv(self, *words: str) -> list[str]:
        cli = REPOSITORY / "node_modules" / ".bin" / "cdk"
        return [str(cli), "--no-color", "--ci", "--no-notices", "--no-version-reporting", *words]

    @property
    def environ(self) -> dict[str, str]:
        return {
            **self.aws.environ,
            "HOME": os.environ["HOME"],
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PYTHONPATH": str(REPOSITORY),
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
            "NODE_NO_WARNINGS": "1",
            "CDK_VALIDATION": "false",  # as the command has it: seconds of rules, for a log
        }

    def write(self, name: str, changes: dict[str, Any] | None = None, *, like: str = "dev") -> None:
        Project(self.folder).write(name, {"image": IMAGE, **(changes or {})}, like=like)
        self._assemblies.pop(name, None)

    def assembly(self, name: str) -> Path:
        """Synthesise an environment, once for each time that it is written."""
        if name not in self._assemblies:
            target = self.folder / "assemblies" / name
            shutil.rmtree(target, ignore_errors=True)
            self.cdk("synth", "-q", "-c", f"env={name}", "-o", str(target))
            self._assemblies[name] = target
        return self._assemblies[name]

    def template(self, name: str) -> dict[str, Any]:
        return json.loads((self.assembly(name) / f"mlops-{name}.template.json").read_text())

    def on(self, name: str, verb: str, *words: str, code: int | None = 0) -> str:
        """Run `cdk VERB` on an environment's stack and return what it printed."""
        done = self.cdk("-a", str(self.assembly(name)), verb, f"mlops-{name}", *words, code=code)
        return done.stdout + done.stderr

    def deploy(self, name: str, *words: str, code: int | None = 0) -> str:
        return self.on(name, "deploy", "--require-approval", "never", *words, code=code)

    def stack(self, name: str) -> dict[str, Any]:
        found = self.client("cloudformation").describe_stacks(StackName=f"mlops-{name}")
        return found["Stacks"][0]

    def resources(self, name: str) -> dict[str, str]:
        """Return the physical id of each resource of an environment's stack."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        return {
            item["LogicalResourceId"]: item["PhysicalResourceId"]
            for page in pages.paginate(StackName=f"mlops-{name}")
            for item in page["StackResourceSummaries"]
        }


@dataclass(frozen=True)
class Engine:
    """One environment, worked on by the real command."""

    account: Account
    name: str

    @property
    def environ(self) -> dict[str, str]:
        found = self.account.environ
        path = os.pathsep.join([str(REPOSITORY / "node_modules" / ".bin"), found["PATH"]])
        return {**found, "MLOPS_INFRA_CLOUD": "aws", "PATH": path}

    def run(self, *words: str, code: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
        project = Project(self.account.folder)
        environ = {**self.environ, **more}
        return project.run(words[0], "-e", self.name, *words[1:], code=code, **environ)

    def write(self, changes: dict[str, Any] | None = None, *, like: str = "dev") -> None:
        self.account.write(self.name, changes, like=like)

    def deploy(self) -> str:
        """Deploy all of it; return what was said, and not the tracking URI.

        Where the account runs nothing, all is there and no server answers.
        """
        if self.account.aws.runs:
            done = self.run("deploy", "--yes")
            assert done.stdout.startswith("https://"), done.stdout
        else:
            done = self.run("deploy", "--yes", code=1)
            assert "the server cannot be reached" in done.stderr, done.stderr
        return done.stderr

    def remove(self) -> None:
        """Leave no server or database running; a protected one stays until the account goes."""
        with suppress(ClientError):
            self.account.client("cloudformation").delete_stack(StackName=f"mlops-{self.name}")

    def changes(self) -> dict[str, str]:
        """Return what a deploy would do to each type of resource."""
        found = json.loads(self.run("plan", "--json", code=2).stdout)["changes"]
        return {each["reason"].split(": ")[0]: each["action"] for each in found}

    @property
    def state(self) -> str:
        return self.account.stack(self.name)["StackStatus"]


@contextmanager
def opened(folder: Path, *, runs: bool) -> Generator[Account]:
    """Open an account with the toolkit stack, a hosted zone, and a project of five environments."""
    if not (REPOSITORY / "node_modules" / ".bin" / "cdk").exists():
        subprocess.run(["npm", "ci"], cwd=REPOSITORY, check=True, capture_output=True)
    empty = folder / "empty"
    for each in (empty, folder / "environments"):
        each.mkdir()
    shutil.copy(REPOSITORY / "cdk.json", folder)
    with EmulatedAws(folder / "emulator", runs=runs) as aws:
        found = Account(aws, folder)
        # From a folder without a cdk.json: in one with it, even bootstrap starts the app.
        found.cdk("bootstrap", f"aws://{aws.account}/{aws.region}", cwd=empty)
        zone = found.client("route53").create_hosted_zone(Name="example.com", CallerReference="1")
        own = {
            "aws": {
                "hosted_zone": {
                    "id": zone["HostedZone"]["Id"].rpartition("/")[2],
                    "name": "example.com",
                }
            }
        }
        for name in ("dev", "staging", "prod"):
            found.write(name, like=name)
        found.write("domain", {"access": {**DOMAIN, "exposure": "public"}, **own}, like="prod")
        found.write("private", {"access": {**DOMAIN, "exposure": "private"}, **own})
        yield found
        found.close()
