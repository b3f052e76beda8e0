"""One target's stack through the Pulumi command line: make it, export it, import it, remove it."""

from __future__ import annotations

import json
import os
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import yaml

from mlops_infra.engines import process
from mlops_infra.engines.pulumi import cli
from mlops_infra.engines.pulumi.deployment import Deployment
from mlops_infra.engines.pulumi.state import LOCAL, state_of, state_url
from mlops_infra.engines.pulumi.troubles import NO_STACK, told
from mlops_infra.errors import InfraError, PrerequisiteError

if TYPE_CHECKING:
    from mlops_infra.engines.pulumi.deployment import Document
    from mlops_infra.model import Target

UNREADABLE = "failed to load checkpoint: EOF"
THROWN_AWAY = "of a state that nobody reads"
PASSPHRASE = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")


class Workspace:
    """A folder of this run's own that Pulumi works in, on the state that the file names.

    Pulumi's project is the file's `project` and its stack the environment, so that projects share
    a bucket and a person finds them there by name.
    """

    def __init__(self, target: Target, *, is_throwaway: bool = False) -> None:
        self.target = target
        self.stack = target.environment.name
        self._temporary = TemporaryDirectory(prefix="mlops-infra-pulumi-")
        self.folder = Path(self._temporary.name)
        self._state = state_of(target)
        self._is_throwaway = is_throwaway
        self._url = state_url(target)
        if is_throwaway:
            (self.folder / "state").mkdir()
            self._url = f"{LOCAL}{self.folder}/state"
        project = {"name": target.environment.project, "runtime": "python"}
        (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))

    def throwaway(self) -> Workspace:
        """Return a workspace with an empty state of its own, for a plan of what is not there."""
        return Workspace(self.target, is_throwaway=True)

    @property
    def plan_file(self) -> Path:
        """Where a preview saves what it found."""
        return self.folder / "plan.json"

    @cached_property
    def program(self) -> Path:
        """Where the pinned command line is."""
        return cli.find_or_install()

    @property
    def variables(self) -> dict[str, str]:
        """What the command line needs besides the environment that we were started in."""
        if self._url.startswith(LOCAL):
            folder = Path(self._url.removeprefix(LOCAL)).expanduser()
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        passphrase = {PASSPHRASE[0]: THROWN_AWAY} if self._is_throwaway else {}
        return {"PULUMI_BACKEND_URL": self._url, "PULUMI_SKIP_UPDATE_CHECK": "true", **passphrase}

    def require_secrets(self) -> None:
        """See that the secrets provider can be used.

        Raises:
            PrerequisiteError: it is a passphrase, and there is none.
        """
        if self._state.secrets_provider == "passphrase" and not any(
            map(os.environ.get, PASSPHRASE)
        ):
            raise PrerequisiteError(
                f"the secrets of {self.target} are kept with a passphrase, and there is none",
                hint="export PULUMI_CONFIG_PASSPHRASE=…",
            )

    def run(self, *words: str, is_secret: bool = False) -> str:
        """Run the command line on this stack and return what it printed; `is_secret`: if that is.

        Raises:
            InfraError: it failed, in words that a person can act on.
        """
        argv = [str(self.program), "--non-interactive", "--cwd", str(self.folder), *words]
        try:
            return process.run(argv, env={**os.environ, **self.variables}, is_secret=is_secret)
        except PrerequisiteError:
            raise
        except InfraError as error:
            raise told(self.target, error.message) from error

    def export(self) -> Deployment | None:
        """Return the stack's state, or None where there is no such stack."""
        file = self.folder / "export.json"
        words = ("stack", "export", "--stack", self.stack, "--file", str(file))
        try:
            self.run(*words)
        except InfraError as error:
            if NO_STACK in error.message:
                return None
            if UNREADABLE not in error.message or not self._drop_empty_attributes():
                raise
            self.run(*words)
        return Deployment(document=json.loads(file.read_text()))

    def _drop_empty_attributes(self) -> bool:
        """Delete the attributes that a killed Pulumi had no time to write; says if there were any.

        It keeps them beside each file of a state in a folder, and cannot read that file where they
        are empty. Without them it can.
        https://github.com/google/go-cloud/blob/master/blob/fileblob/attrs.go
        """
        url = self.variables["PULUMI_BACKEND_URL"]
        if not url.startswith(LOCAL):
            return False
        stacks = Path(url.removeprefix(LOCAL)).expanduser() / ".pulumi" / "stacks"
        empty = [each for each in stacks.rglob("*.attrs") if not each.stat().st_size]
        for each in empty:
            each.unlink(missing_ok=True)
        return bool(empty)

    def replace(self, document: Document) -> None:
        """Put a changed state in the place of the one that `export` gave."""
        file = self.folder / "import.json"
        file.write_text(json.dumps(document))
        self.run("stack", "import", "--stack", self.stack, "--file", str(file))

    def make(self, *, secrets_provider: str = "") -> None:
        """Make the stack, empty, with the file's secrets provider unless it is a throwaway one."""
        usual = "passphrase" if self._is_throwaway else self._state.secrets_provider
        provider = secrets_provider or usual
        self.run("stack", "init", self.stack, "--secrets-provider", provider)

    def try_key(self) -> None:
        """Use the key that the file names, on a state that is thrown away.

        Raises:
            PrerequisiteError: it is not there, or may not be used.
        """
        if self._state.secrets_provider != "passphrase":
            self.throwaway().make(secrets_provider=self._state.secrets_provider)

    def remove(self) -> None:
        """Remove the stack, which must be empty, and what was configured of it."""
        self.run("stack", "rm", self.stack, "--yes")

    def secret(self, name: str) -> str:
        """Return the value of a generated password, decrypted.

        Raises:
            InfraError: there is none of that name, or it cannot be decrypted.
        """
        words = ("stack", "export", "--stack", self.stack, "--show-secrets")
        found = json.loads(self.run(*words, is_secret=True))  # read from a pipe: no file has it
        for each in found["deployment"]["resources"]:
            if each["type"].startswith("random:") and each["urn"].endswith(f"::{name}"):
                return json.loads(each["outputs"]["result"]["plaintext"])
        raise InfraError(f"{self.target} has no generated password '{name}'")
