"""One environment's folder on this machine: `.mlops-infra/local/<name>` in the project.

    .mlops-infra/.gitignore           keeps all of it out of version control
    .mlops-infra/local/dev.lock       held by whoever changes dev; says who
    .mlops-infra/local/dev/           mode 0700
        state.json                    port, and the version that was deployed
        secrets.json                  mode 0600; made once, never changed
        postgres/ artifacts/ backups/ the data
        server.log database.log       mode 0600

Every file is written aside and renamed, so a killed command leaves the old or the new one.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import shutil
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_fixed

from mlops_infra.engines.process import DISK_HINT
from mlops_infra.errors import InfraError, LockedError, PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Generator

    from mlops_infra.model import Target

SECRETS = {  # the variable that takes each, and its length in random bytes
    "PGPASSWORD": 24,
    "MLFLOW_AUTH_ADMIN_PASSWORD": 18,
    "MLFLOW_FLASK_SERVER_SECRET_KEY": 32,
    "MLFLOW_CRYPTO_KEK_PASSPHRASE": 32,
}
STATE_HINT = "remove it: the next deploy makes it anew, from what runs"

ORPHAN_WAIT_SECONDS = 60
"""A killed deploy's `initdb` holds the lock until it ends; it takes about a second."""


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """What the last deploy left; kept by a teardown, so that the address stays the same."""

    port: int
    mlflow_version: str = ""
    running_since: float | None = None
    """Epoch seconds of the last deploy, None after a teardown and before the first success."""


class Home:
    """The folder of one environment. Reading never creates it."""

    def __init__(self, target: Target) -> None:
        self.root = target.project_dir.absolute() / ".mlops-infra"
        self.path = self.root / "local" / target.environment.name
        self._lock_file = self.path.with_name(f"{self.path.name}.lock")
        self._trash = self.path.with_name(f"{self.path.name}.deleted")
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:12]
        # A Unix socket's path ends at 107 characters: it cannot live in the project.
        self.socket_dir = Path(f"/tmp/mlops-infra-{os.geteuid()}-{digest}")  # noqa: S108 - checked

    @property
    def exists(self) -> bool:
        """Whether there is anything of this environment on the machine."""
        with self._explained():
            return self.path.is_dir()

    @property
    def has_trash(self) -> bool:
        """Whether a killed `delete` left something."""
        with self._explained():
            return self._trash.exists()

    def create(self) -> None:
        """Make the folders, private to their owner.

        Raises:
            PrerequisiteError: the disk or a permission does not allow it.
        """
        with self._explained():
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            ignore = self.root / ".gitignore"
            if not ignore.exists():
                self._write(ignore, "*\n")
            for name in ("artifacts", "backups", "tmp"):
                (self.path / name).mkdir(mode=0o700, exist_ok=True)
            self.socket_dir.mkdir(mode=0o700, exist_ok=True)
            found = self.socket_dir.lstat()
            if found.st_uid != os.geteuid() or found.st_mode & 0o077:
                raise PrerequisiteError(
                    f"{self.socket_dir} belongs to somebody else or is open to others",
                    hint=f"remove it: rm -rf {self.socket_dir}",
                )

    def check_free(self) -> None:
        """See that nobody is changing this environment. Takes nothing.

        Raises:
            LockedError: a live process is.
        """
        with (
            self._explained(),
            suppress(FileNotFoundError),
            self._lock_file.open() as file,
        ):
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise self._held_by(file.read().encode()) from error

    @contextmanager
    def lock(self) -> Generator[int]:
        """Hold this environment; yields the lock's file descriptor.

        The kernel drops the lock with its last holder, so a killed command leaves none. A program
        that it started and that still holds the lock is waited for.

        Raises:
            LockedError: a live process holds it.
        """
        with self._explained():
            self._lock_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._acquire(descriptor)
            me = psutil.Process()
            owner = {"pid": me.pid, "started": me.create_time(), "user": me.username()}
            with suppress(OSError):  # a full disk: held all the same, and a teardown must go on
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, json.dumps(owner).encode(), 0)
            yield descriptor
        finally:
            os.close(descriptor)

    def _acquire(self, descriptor: int) -> None:
        def take() -> None:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

        def note() -> bytes:
            return os.pread(descriptor, 4096, 0)

        try:
            Retrying(
                retry=retry_if_exception(
                    lambda e: isinstance(e, BlockingIOError) and not _owner(note())
                ),
                wait=wait_fixed(0.1),
                stop=stop_after_delay(ORPHAN_WAIT_SECONDS),
                reraise=True,
            )(take)
        except BlockingIOError as error:
            raise self._held_by(note()) from error

    def _held_by(self, note: bytes) -> LockedError:
        owner = _owner(note) or "a program that an earlier command started"
        return LockedError(
            f"{self.path.name} is being changed by {owner}",
            hint="wait until it has finished, then run the command again",
        )

    def deployed(self) -> Deployed | None:
        """Return what the last deploy left, or None before the first."""
        found = self._read("state.json", hint=STATE_HINT)
        try:
            return Deployed(**found) if found else None
        except TypeError as error:
            raise InfraError(f"{self.path / 'state.json'} is damaged", hint=STATE_HINT) from error

    def neighbour_ports(self) -> set[int]:
        """Return the ports that the other environments of this project have."""
        found = set()
        for state in self.path.parent.glob("*/state.json"):
            if state.parent != self.path:
                with suppress(OSError, ValueError, TypeError):
                    found.add(json.loads(state.read_text()).get("port"))
        return found

    def remember(self, deployed: Deployed) -> None:
        """Keep what a deploy or a teardown leaves."""
        with self._explained():
            self._write(self.path / "state.json", json.dumps(asdict(deployed)))

    def secrets(self) -> dict[str, str]:
        """Return the secrets by the variable that takes each; empty before there are any."""
        found = self._read("secrets.json", hint=self._secrets_hint)
        if found and set(found) != set(SECRETS):
            raise InfraError(f"{self.path / 'secrets.json'} is damaged", hint=self._secrets_hint)
        return found

    def make_secrets(self) -> dict[str, str]:
        """Return the secrets, generating them the first time.

        Raises:
            InfraError: the database is there and its secrets are gone.
        """
        found = self.secrets()
        if found:
            return found
        if (self.path / "postgres").exists():
            raise InfraError(
                f"{self.path / 'secrets.json'} is gone: without it nobody can open the database "
                "beside it",
                hint=self._secrets_hint,
            )
        made = {name: secrets.token_urlsafe(size) for name, size in SECRETS.items()}
        with self._explained():
            self._write(self.path / "secrets.json", json.dumps(made))
        return made

    def clear_runtime(self) -> None:
        """Remove what only running processes need."""
        shutil.rmtree(self.socket_dir, ignore_errors=True)
        shutil.rmtree(self.path / "tmp", ignore_errors=True)

    def delete(self) -> None:
        """Remove everything, at once for whoever looks: renamed first, then deleted."""
        with self._explained():
            self.clear_trash()
            if self.path.exists():
                self.path.rename(self._trash)
            self.clear_trash()

    def clear_trash(self) -> None:
        """Remove what a killed `delete` left."""
        if self.has_trash:
            with self._explained():
                shutil.rmtree(self._trash)

    @property
    def _secrets_hint(self) -> str:
        return (
            "put the file back from a backup, or start anew with: "
            f"mlops-infra teardown -e {self.path.name} --cloud local --delete-data"
        )

    def _read(self, name: str, *, hint: str) -> dict[str, Any]:
        """Return what a file of ours holds; empty where there is none."""
        path = self.path / name
        with self._explained():
            try:
                found = json.loads(path.read_text())
            except FileNotFoundError:
                return {}
            except ValueError:
                found = None
        if not isinstance(found, dict):
            raise InfraError(f"{path} is damaged", hint=hint)
        return found

    def _write(self, path: Path, text: str) -> None:
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            aside.rename(path)
        finally:
            aside.unlink(missing_ok=True)  # on a full disk

    @contextmanager
    def _explained(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            where = error.filename or self.path
            raise PrerequisiteError(
                f"cannot use {where}: {(error.strerror or str(error)).lower()}",
                hint=DISK_HINT,
            ) from error


def _owner(text: bytes) -> str:
    """Return who wrote a lock file, if that very process is alive; else nothing."""
    try:
        owner = json.loads(text)
        process = psutil.Process(owner["pid"])
        if abs(process.create_time() - owner["started"]) > 1:
            return ""
    except (ValueError, KeyError, TypeError, psutil.Error):
        return ""
    return f"process {owner['pid']} of {owner['user']}"
