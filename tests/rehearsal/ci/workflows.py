"""Runs a workflow with act, which has GitHub's variables, files, expressions and matrices."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.rehearsal.ci.github import REPOSITORY, TOKEN
from tools import runners

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LOGIN = 'echo "$ACTION $MLOPS_INFRA_ENV" >> "$LOGINS"; cat "$CREDENTIALS" >> "$GITHUB_ENV"'

STAND_INS = {
    # What each action is given, and what it would leave behind.
    "actions/checkout": ([], "false"),  # act copies the repository itself
    "actions/setup-python": (["python-version"], "true"),  # the PATH has this Python
    "actions/upload-artifact": (
        ["name", "path"],
        'mkdir -p "$ARTIFACTS/$name" && cp "$path" "$ARTIFACTS/$name"',
    ),
    "actions/download-artifact": (
        ["pattern", "path"],
        'mkdir -p "$path" && find "$ARTIFACTS" -path "*/$pattern/*" -exec cp {} "$path" \\;',
    ),
    "aws-actions/configure-aws-credentials": (["role-to-assume", "aws-region"], LOGIN),
    "azure/login": (["client-id", "tenant-id", "subscription-id"], LOGIN),
    "google-github-actions/auth": (["workload_identity_provider", "service_account"], LOGIN),
}


@dataclass(frozen=True)
class Run:
    """How one run of a workflow ended."""

    is_good: bool
    log: str
    logins: list[str]
    """Which action logged in for which environment, in order."""


@dataclass(frozen=True)
class Runner:
    """Runs workflows of one repository."""

    repository: Path
    folder: Path
    """Its own files."""
    environ: Mapping[str, str]
    """What a step finds in its environment before any login."""
    credentials: Mapping[str, str]
    """What a login leaves behind."""

    def run(
        self,
        workflow: str,
        event: str,
        *,
        payload: Mapping[str, Any] | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> Run:
        """Run a workflow as `event` would; `variables` are those of the GitHub environments."""
        artifacts, logins = self.folder / "artifacts", self.folder / "logins"
        shutil.rmtree(artifacts, ignore_errors=True)
        artifacts.mkdir()
        logins.write_text("")
        (self.folder / "event.json").write_text(json.dumps(payload or {}))
        (self.folder / "credentials").write_text(_lines(self.credentials))
        known = {
            **self.environ,
            "ARTIFACTS": str(artifacts),
            "CREDENTIALS": str(self.folder / "credentials"),
            "GITHUB_REPOSITORY": REPOSITORY,
            "LOGINS": str(logins),
        }
        (self.folder / "environ").write_text(_lines(known))
        argv = [
            *(str(runners.act()), event),
            f"--workflows=.github/workflows/{workflow}.yml",
            "--platform=ubuntu-latest=-self-hosted",
            f"--eventpath={self.folder / 'event.json'}",
            f"--env-file={self.folder / 'environ'}",
            f"--secret=GITHUB_TOKEN={TOKEN}",
            f"--action-cache-path={self.folder / 'cache'}",
            "--no-cache-server",
            "--concurrent-jobs=1",
            *(f"--local-repository={each}" for each in self._stand_ins()),
            *(f"--var={name}={value}" for name, value in (variables or {}).items()),
        ]
        kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        done = subprocess.run(
            argv,
            cwd=self.repository,
            env={**kept, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=500,
            check=False,
        )
        return Run(
            is_good=done.returncode == 0, log=done.stdout, logins=logins.read_text().splitlines()
        )

    def _stand_ins(self) -> Iterator[str]:
        """Write what stands in for each action that the repository uses; an unknown one fails."""
        for used in sorted(set(uses(self.repository))):
            name = used.partition("@")[0]
            inputs, script = STAND_INS[name]
            folder = self.folder / "actions" / name
            folder.mkdir(parents=True, exist_ok=True)
            given = [f': "${{{each.replace("-", "_")}:?}}"' for each in inputs]
            step = {
                "shell": "bash",
                "run": "\n".join([*given, script]),
                "env": {
                    "ACTION": name,
                    **{each.replace("-", "_"): f"${{{{ inputs.{each} }}}}" for each in inputs},
                },
            }
            action = {
                "name": name,
                "inputs": {each: {"required": True} for each in inputs},
                "runs": {"using": "composite", "steps": [step]},
            }
            (folder / "action.yml").write_text(yaml.safe_dump(action))
            yield f"{used}={folder}"


def uses(repository: Path) -> Iterator[str]:
    """Yield each action of others that workflows and actions of a repository use, as written."""
    for file in sorted((repository / ".github").rglob("*.yml")):
        yield from _uses(yaml.safe_load(file.read_text()))


def _uses(node: Any) -> Iterator[str]:  # noqa: ANN401 - YAML
    if isinstance(node, dict):
        if isinstance(node.get("uses"), str) and not node["uses"].startswith("./"):
            yield node["uses"]
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _uses(each)


def _lines(variables: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in variables.items())
