"""A repository that deploys the small stack, on an emulated cloud, as a project's owner has it."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

from mlops_infra.rehearsal.pulumi import stores
from tests.conftest import REPOSITORY, Project
from tests.rehearsal.ci import github
from tests.rehearsal.ci.workflows import Runner
from tests.rehearsal.pulumi.small.environment import GCP, STACKS
from tools import fake_gcs

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from mlops_infra.rehearsal.pulumi import EmulatedClouds
    from tests.rehearsal.ci.github import GitHub

ENVIRONMENTS = ("dev", "staging", "prod")
LOGIN = "GOOGLE_OAUTH_ACCESS_TOKEN"
URI = 'pulumi.export("tracking_uri", server.uri)'


@dataclass(frozen=True)
class Site:
    """The repository, its cloud, and its GitHub."""

    folder: Path
    clouds: EmulatedClouds
    state_url: str
    github: GitHub
    environ: dict[str, str]
    """What a command needs before it is logged in."""
    login: dict[str, str]

    @property
    def runner(self) -> Runner:
        return Runner(
            repository=self.folder,
            folder=self.folder.parent,
            environ={**self.environ, **self.github.environ},
            credentials=self.login,
        )

    def write(self, name: str, changes: dict[str, Any] | None = None) -> None:
        state = {"url": self.state_url, "secrets_provider": "passphrase"}
        common = {
            "cloud": "gcp",
            "image": "ghcr.io/example/mlflow:1",
            "gcp": {**GCP, "state": state},
        }
        Project(self.folder).write(name, {**common, **(changes or {})})

    def change(self, name: str, changes: dict[str, Any]) -> None:
        """Change an environment in a commit of its own."""
        self.write(name, changes)
        commit(self.folder)


def written(folder: Path) -> Path:
    """Write what CI needs of a project, as `mlops-infra init` does."""
    for each in (".github", "pipelines"):
        shutil.copytree(REPOSITORY / each, folder / each)
    (folder / ".github" / "workflows" / "ci.yml").unlink()  # our own
    # What is installed already, so that no run asks an index.
    (folder / "requirements-deploy.txt").write_text("mlops-infra\n")
    return folder


def commit(folder: Path) -> None:
    """Commit all that a folder holds."""
    who = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.com"]
    if not (folder / ".git").exists():
        subprocess.run(["git", "init", "--quiet", "--initial-branch=main"], cwd=folder, check=True)
    for words in (["add", "--all"], [*who, "commit", "--quiet", "-m", "it"]):
        subprocess.run(["git", *words], cwd=folder, check=True)


@contextmanager
def opened(folder: Path, clouds: EmulatedClouds) -> Generator[Site]:
    """Write the repository as `mlops-infra init` would, with a state that outlives a runner."""
    clouds.cloud.clear()
    clouds.faults.clear()
    repository = written(folder / "repository")
    shutil.copytree(STACKS, repository / "stacks")
    with (
        _server() as uri,
        stores.google(fake_gcs.program(), "pulumi") as store,
        github.emulated() as hub,
    ):
        stack = repository / "stacks" / "gcp" / "platform.py"
        declared = stack.read_text()
        assert URI in declared
        stack.write_text(declared.replace(URI, f'pulumi.export("tracking_uri", "{uri}")'))
        environ = {
            **clouds.environ,
            **store.environ,
            # A look at every installed package, each time: two seconds.
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_WARN_CONFLICTS": "1",
            "PULUMI_CONFIG_PASSPHRASE": "correct",
            "PULUMI_HOME": str(folder / "pulumi-home"),
        }
        if "XDG_CACHE_HOME" in os.environ:
            environ["XDG_CACHE_HOME"] = os.environ["XDG_CACHE_HOME"]
        login = {LOGIN: environ.pop(LOGIN)}
        found = Site(repository, clouds, store.url, hub, environ, login)
        for name in ENVIRONMENTS:
            found.write(name)
        commit(repository)
        yield found


@contextmanager
def _server() -> Generator[str]:
    """Answer a deploy's questions in the place of a server, which takes 14 s to start.

    Yields its URI.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_let_in = self.path == "/health" or "Authorization" in self.headers
            self.send_response(200 if is_let_in else 401)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its names
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
