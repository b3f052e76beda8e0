"""One environment of the small stack, worked on by the real command and by Pulumi by hand."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_infra.engines.pulumi import cli

if TYPE_CHECKING:
    from mlops_infra.rehearsal.pulumi import EmulatedClouds
    from tests.conftest import Project

STACKS = Path(__file__).parent / "stacks"
UNREACHABLE = "the server cannot be reached"
BUCKET, DATABASE = "gcp:storage/bucket:Bucket", "gcp:sql/databaseInstance:DatabaseInstance"
SERVICE = "gcp:cloudrunv2/service:Service"
STATE = {"url": "file://state", "secrets_provider": "passphrase"}
GCP = {"project": "tests-project", "region": "europe-west4", "state": STATE}


@dataclass(frozen=True)
class Small:
    """One environment of the small stack, worked on by the real command."""

    project: Project
    clouds: EmulatedClouds
    state_url: str = ""
    """Where the state is; without one, in a folder of the project."""
    more: dict[str, str] = field(default_factory=dict)
    """What reaching the state needs."""

    @property
    def environ(self) -> dict[str, str]:
        return {
            **self.clouds.environ,
            **self.more,
            "MLOPS_INFRA_CLOUD": "gcp",
            "PULUMI_CONFIG_PASSPHRASE": "correct",
            "PULUMI_HOME": str(self.project.folder / "pulumi-home"),
        }

    def run(self, *words: str, code: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
        return self.project.run(
            words[0], "-e", "dev", *words[1:], code=code, **{**self.environ, **more}
        )

    def start(self, *words: str) -> subprocess.Popen[str]:
        return self.project.start(words[0], "-e", "dev", *words[1:], **self.environ)

    def write(self, changes: dict[str, Any] | None = None) -> None:
        state = {**STATE, "url": self.state_url or STATE["url"]}
        common = {"image": "ghcr.io/example/mlflow:1", "gcp": {**GCP, "state": state}}
        self.project.write("dev", {**common, **(changes or {})})

    def deploy(self) -> str:
        said = self.run("deploy", "--yes", code=1).stderr
        assert UNREACHABLE in said, said
        return said

    def planned(self) -> dict[str, str]:
        """Return what a deploy would do to each resource."""
        found = json.loads(self.run("plan", "--json", code=2).stdout)["changes"]
        return {each["resource"]: each["action"] for each in found}

    def pulumi(self, *words: str) -> str:
        """Run the pinned Pulumi by hand, on the same state."""
        folder = self.project.folder / "by-hand"
        folder.mkdir(exist_ok=True)
        (folder / "Pulumi.yaml").write_text("name: mlops\nruntime: python\n")
        url = self.state_url or f"file://{self.project.folder}/state"
        done = subprocess.run(
            [str(cli.find_or_install()), "--non-interactive", *words],
            cwd=folder,
            env={**self.project.environ(), **self.environ, "PULUMI_BACKEND_URL": url},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def there(self) -> dict[str, int]:
        return self.clouds.cloud.kinds()

    @property
    def state(self) -> dict[str, Any]:
        return json.loads(self.pulumi("stack", "export", "--stack", "dev"))["deployment"]


EVERYTHING = {BUCKET: 1, DATABASE: 1, SERVICE: 1, "gcp:sql/database:Database": 1}
