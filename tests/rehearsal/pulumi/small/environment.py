"""One environment of the small stack, worked on by the real command and by Pulumi by hand."""

from __future__ import annotations

import json
import shutil
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
    cloud: str = "gcp"
    state_url: str = ""
    """Where the state is; without one, in a folder of the project."""
    more: dict[str, str] = field(default_factory=dict)
    """What reaching the state needs."""

    @property
    def environ(self) -> dict[str, str]:
        return {
            **self.clouds.environ,
            **self.more,
            "MLOPS_INFRA_CLOUD": self.cloud,
            "PULUMI_CONFIG_PASSPHRASE": "correct",
            "PULUMI_HOME": str(self.project.folder / "pulumi-home"),
        }

    def run(
        self, *words: str, code: int | None = 0, **more: str
    ) -> subprocess.CompletedProcess[str]:
        return self.project.run(
            words[0], "-e", "dev", *words[1:], code=code, **{**self.environ, **more}
        )

    def start(self, *words: str) -> subprocess.Popen[str]:
        return self.project.start(words[0], "-e", "dev", *words[1:], **self.environ)

    def write(self, changes: dict[str, Any] | None = None) -> None:
        state = {**STATE, "url": self.state_url or STATE["url"]}
        section = {**(GCP if self.cloud == "gcp" else {}), "state": state}
        common = {"image": "ghcr.io/example/mlflow:1", self.cloud: section}
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
    def state_folder(self) -> Path:
        """Where Pulumi keeps the state, if it is in a folder of the project."""
        return self.project.folder / "state" / ".pulumi"

    def save(self, folder: Path) -> None:
        """Save cloud and state, for `restore`."""
        folder.mkdir()
        shutil.copy(self._cloud_file, folder)
        if self.state_folder.exists():
            shutil.copytree(self.state_folder, folder / "state")

    def restore(self, folder: Path) -> None:
        """Make cloud and state what they were: quicker than a teardown and a deploy."""
        shutil.copy(folder / self._cloud_file.name, self._cloud_file)
        shutil.rmtree(self.state_folder, ignore_errors=True)
        if (folder / "state").exists():
            shutil.copytree(folder / "state", self.state_folder)

    @property
    def _cloud_file(self) -> Path:
        return self.clouds.folder / "cloud.db"

    @property
    def there(self) -> dict[str, int]:
        return self.clouds.cloud.kinds()

    @property
    def state(self) -> dict[str, Any]:
        return json.loads(self.pulumi("stack", "export", "--stack", "dev"))["deployment"]


EVERYTHING = {BUCKET: 1, DATABASE: 1, SERVICE: 1, "gcp:sql/database:Database": 1}
