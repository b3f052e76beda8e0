"""An emulated AWS account, beside the CDK CLI."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3

from mlops_infra.rehearsal.aws import EmulatedAws
from tools.bench.emulated import MODEL, Emulated
from tools.bench.project import REPOSITORY

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path

CDK = REPOSITORY / "node_modules" / ".bin" / "cdk"


class Account(Emulated):
    """With the CDK's bootstrap."""

    cloud = "aws"
    other_name = "cdk diff"
    most = 1.15

    def open(self, stack: ExitStack) -> dict[str, str]:
        """Open the account."""
        self.aws = stack.enter_context(EmulatedAws(self.folder / "emulator", runs=False))
        self.variables = {
            **self.aws.environ,
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
        }
        self.run([CDK, "bootstrap", f"aws://{self.aws.account}/{self.aws.region}"], self.folder)
        return self.variables

    def preview(self, folder: Path) -> float:
        """Run `cdk diff` with the project's `cdk.json`."""
        return self.cdk(folder, "diff")

    def cdk(self, folder: Path, *words: str) -> float:
        """Run the CDK CLI on the model, and return its seconds."""
        return self.run([CDK, "--ci", "--no-notices", "-c", f"env={MODEL}", *words], folder)

    def copy(self, source: Path, names: list[str], projects: list[Path]) -> None:
        """Create the stacks: that the CDK CLI did not make each one saves minutes."""
        del source, projects  # the account has the stacks, whatever project asks for them
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
