"""An emulated AWS account, and a project in it: what the commands for a cloud are measured on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import yaml

from mlops_infra.rehearsal.aws import EmulatedAws
from tools.bench.project import COMMAND, REPOSITORY, clean_environ

if TYPE_CHECKING:
    from types import TracebackType

CDK = REPOSITORY / "node_modules" / ".bin" / "cdk"
MODEL = "model"
"""The environment that is deployed by the command; the others are copies of its stack."""


class Account:
    """Alive inside a `with` block; everything of it is gone at the end."""

    def __enter__(self) -> Account:
        self.folder = Path(tempfile.mkdtemp(prefix="mlops-infra-bench-")).resolve()
        self.aws = EmulatedAws(self.folder / "emulator", runs=False).__enter__()
        self.run([CDK, "bootstrap", f"aws://{self.aws.account}/{self.aws.region}"], self.folder)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.aws.__exit__(kind, error, trace)
        shutil.rmtree(self.folder, ignore_errors=True)

    def project(self, name: str, environments: list[str]) -> Path:
        """Write a project with environments like the shipped dev."""
        folder = self.folder / name
        (folder / "environments").mkdir(parents=True)
        shutil.copy(REPOSITORY / "cdk.json", folder)
        document = yaml.safe_load((REPOSITORY / "environments" / "dev.yaml").read_text())
        document |= {"image": "ghcr.io/example/mlflow-server:3.17.2"}  # nothing is built here
        for each in environments:
            text = yaml.safe_dump({**document, "name": each}, sort_keys=False)
            (folder / "environments" / f"{each}.yaml").write_text(text)
        return folder

    def command(self, folder: Path, *words: str, codes: tuple[int, ...] = (0,)) -> float:
        """Run `mlops-infra` in a project, and return its seconds."""
        return self.run([COMMAND, *words], folder, codes=codes)

    def cdk(self, folder: Path, *words: str) -> float:
        """Run the CDK CLI in a project, with its `cdk.json`, and return its seconds."""
        return self.run([CDK, "--ci", "--no-notices", "-c", f"env={MODEL}", *words], folder)

    def run(self, words: list[Any], folder: Path, *, codes: tuple[int, ...] = (0,)) -> float:
        """Run a program to its end, and return its seconds.

        Raises:
            RuntimeError: it ended with another exit code.
        """
        began = time.perf_counter()
        done = subprocess.run(  # noqa: S603 - our own command and the CDK CLI, with our own words
            [str(word) for word in words],
            cwd=folder,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - began
        if done.returncode not in codes:
            raise RuntimeError(f"{words}: {done.returncode}\n{done.stderr}{done.stdout}")
        return seconds

    def copy(self, names: list[str]) -> None:
        """Deploy copies of the model's stack as environments of other names.

        The stacks are real; that the CDK CLI did not make each one saves minutes.
        """
        stacks, storage = self._client("cloudformation"), self._client("s3")
        found = stacks.get_template(StackName=f"mlops-{MODEL}")["TemplateBody"]
        body = found if isinstance(found, str) else json.dumps(found)
        bucket = f"cdk-hnb659fds-assets-{self.aws.account}-{self.aws.region}"
        for name in names:
            copied = body.replace(f'"Value": "{MODEL}"', f'"Value": "{name}"')
            for project in ("mlops-", "mlops"):
                copied = copied.replace(f"{project}{MODEL}", f"{project}{name}")
            storage.put_object(Bucket=bucket, Key=f"{name}.json", Body=copied.encode())
            stacks.create_stack(
                StackName=f"mlops-{name}",
                TemplateURL=f"https://s3.{self.aws.region}.amazonaws.com/{bucket}/{name}.json",
                Capabilities=["CAPABILITY_NAMED_IAM"],
            )
        for name in names:
            stacks.get_waiter("stack_create_complete").wait(
                StackName=f"mlops-{name}", WaiterConfig={"Delay": 1, "MaxAttempts": 120}
            )

    def _client(self, service: str) -> Any:  # noqa: ANN401 - boto3 has no types
        return boto3.client(
            service,
            endpoint_url=self.aws.url,
            region_name=self.aws.region,
            aws_access_key_id=self.aws.account,
            aws_secret_access_key="emulated",  # noqa: S106 - the emulator takes any
        )

    @property
    def _environ(self) -> dict[str, str]:
        """The interpreter's own folder comes first: `cdk.json` starts `python`."""
        found = clean_environ()
        path = os.pathsep.join([str(Path(sys.executable).parent), str(CDK.parent), found["PATH"]])
        return {
            **found,
            **self.aws.environ,
            "PATH": path,
            "PYTHONPATH": str(REPOSITORY),
            "MLOPS_INFRA_CLOUD": "aws",
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
        }
