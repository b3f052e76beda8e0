"""An emulated Azure or Google Cloud, beside Pulumi alone."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_infra.engines.pulumi import cli
from mlops_infra.rehearsal.azure.server import ASSIGNMENT, DEPLOYER, SECRETS_USER
from mlops_infra.rehearsal.azure.web import ROLES
from mlops_infra.rehearsal.pulumi import EmulatedClouds
from mlops_infra.rehearsal.pulumi.cloud import Resource
from tools.bench.emulated import MODEL, Emulated
from tools.bench.project import REPOSITORY

if TYPE_CHECKING:
    from contextlib import ExitStack

STATE = {"url": "file://state", "secrets_provider": "passphrase"}
SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"


class Stacks(Emulated):
    """With the state in a folder of each project."""

    other_name = "pulumi preview --refresh"
    most = 1.3

    def __init__(self, cloud: str) -> None:
        self.cloud = cloud

    def open(self, stack: ExitStack) -> dict[str, str]:
        """Open the cloud. On Azure the owner may read secrets, which a role has to say there."""
        provider = f"mlops_infra.rehearsal.{self.cloud}"
        clouds = EmulatedClouds(self.folder / "cloud", provider, runs=False)
        stack.enter_context(clouds)
        self._cloud = clouds.cloud
        if self.cloud == "azure":
            role = {"principalId": DEPLOYER, "roleDefinitionId": f"/{SECRETS_USER}"}
            reader = Resource(inputs={**role, "scope": SUBSCRIPTION}, outputs={})
            self._cloud.put(ASSIGNMENT, f"{SUBSCRIPTION}{ROLES}reader", reader)
        self._pulumi = cli.find_or_install()
        return {
            **clouds.environ,
            "PULUMI_HOME": str(self.folder / "pulumi-home"),
            "PULUMI_CONFIG_PASSPHRASE": "of a benchmark",
        }

    def section(self) -> dict[str, Any]:
        """Return where the state is."""
        return {"state": STATE}

    def project(self, name: str, environments: list[str]) -> Path:
        """Write a project; a deploy to gcp builds its front, so its own stacks have a small one."""
        folder = super().project(name, environments)
        shutil.copytree(REPOSITORY / "stacks", folder / "stacks")
        (folder / "stacks" / "gcp" / "front" / "Dockerfile").write_text(
            "FROM scratch\nCOPY nginx.conf /\n"
        )
        return folder

    def preview(self, folder: Path) -> float:
        """Preview by Pulumi's Automation API and nothing else."""
        words = [sys.executable, "-m", "tools.bench.by_hand", folder, MODEL, self.cloud]
        return self.run([*words, self._pulumi], folder)

    def copy(self, source: Path, names: list[str], projects: list[Path]) -> None:
        """Put copies of the model in the cloud, and of its state where each project has its own."""
        for kind in self._cloud.kinds():
            for resource_id, each in self._cloud.of(kind).items():
                if MODEL in resource_id:
                    document = json.dumps([resource_id, each.inputs, each.outputs])
                    for name in names:
                        copied, inputs, outputs = json.loads(document.replace(MODEL, name))
                        self._cloud.put(kind, copied, Resource(inputs=inputs, outputs=outputs))
        stacks = Path("state", ".pulumi", "stacks", "mlops")
        body = (source / stacks / f"{MODEL}.json").read_text()
        for target in projects:
            shutil.copytree(source / "state", target / "state")
            (target / stacks / f"{MODEL}.json").unlink()
            for name in names:
                (target / stacks / f"{name}.json").write_text(body.replace(MODEL, name))
