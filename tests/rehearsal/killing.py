"""A command of `mlops-infra --cloud aws`, watched from outside and killed when it shall be."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import psutil
from botocore.exceptions import ClientError
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from tests.conftest import Project
from tests.rehearsal import remembering
from tests.rehearsal.conftest import Engine
from tests.rehearsal.inventory import held

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from tests.rehearsal.conftest import Account

    Moment = Callable[["Command"], bool]

LONGEST_SECONDS = 120
LOOK_SECONDS = 0.03
SLOW_SECONDS = 0.05
"""What each resource takes longer: a whole stack about 4 s."""
AGAIN = "deploy again"
"""What a deploy's hint says where one more is needed."""


@dataclass(frozen=True)
class Command:
    """One running command, and what can be seen of it."""

    subject: Subject
    process: subprocess.Popen[str]
    talk: Path

    @property
    def said(self) -> str:
        """What it has said so far."""
        return self.talk.read_text()

    @property
    def state(self) -> str:
        """The stack's state in CloudFormation's words; empty where there is none."""
        return self.subject.state

    def has(self, *endings: str) -> int:
        """How many resources CloudFormation says that of: `CREATE_COMPLETE`, …"""
        found = self.subject.resources()
        return sum(each["ResourceStatus"] in endings for each in found)

    def runs(self, *words: str) -> bool:
        """Whether a program runs on its behalf with all of `words` in its command line."""
        return any(set(words) <= set(_words(each)) for each in self.family())

    def family(self) -> list[psutil.Process]:
        """Return every process that it started, and that those started."""
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self.process.pid).children(recursive=True)
        return []

    def wait_for(self, moment: Moment) -> None:
        """Return at that moment; fails if the command ends before, or after two minutes."""

        def is_there() -> bool:
            assert self.process.poll() is None, f"it ended before that: {self.said}"
            return moment(self)

        Retrying(
            retry=retry_if_result(lambda done: not done),
            stop=stop_after_delay(LONGEST_SECONDS),
            wait=wait_fixed(LOOK_SECONDS),
        )(is_there)

    def kill(self, *, with_all: bool) -> None:
        """Kill its process group, as a terminal's end does; with `with_all` what it started, too.

        The CDK CLI is in a session of its own, so only the end of a machine or a container is
        its end.
        """
        family = self.family()
        os.killpg(self.process.pid, signal.SIGKILL)
        for each in family if with_all else ():
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self.process.wait()

    def interrupt(self) -> int:
        """Do what Ctrl-C does to all in the foreground; returns the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(timeout=60)


@dataclass(frozen=True)
class Subject:
    """An environment whose commands are killed."""

    engine: Engine

    @property
    def account(self) -> Account:
        return self.engine.account

    @property
    def name(self) -> str:
        return self.engine.name

    @property
    def state(self) -> str:
        try:
            return self.engine.state
        except ClientError:
            return ""

    def resources(self) -> list[dict[str, Any]]:
        client = self.account.client("cloudformation")
        try:
            pages = client.get_paginator("list_stack_resources").paginate(
                StackName=f"mlops-{self.name}"
            )
            return [each for page in pages for each in page["StackResourceSummaries"]]
        except ClientError:
            return []

    def events(self, status: str) -> int:
        """How many resources have come to `status` so far: a list of them forgets the deleted."""
        client = self.account.client("cloudformation")
        try:
            pages = client.get_paginator("describe_stack_events").paginate(
                StackName=f"mlops-{self.name}"
            )
            return sum(
                each["ResourceStatus"] == status for page in pages for each in page["StackEvents"]
            )
        except ClientError:
            return 0

    @contextmanager
    def command(self, verb: str, *words: str) -> Generator[Command]:
        """Start a command in a process group of its own, as a shell does."""
        folder = self.account.folder
        talk = folder / "talk"
        with (
            talk.open("w") as sink,
            subprocess.Popen(
                [*Project(folder).argv(verb, "-e", self.name, "--yes"), *words],
                cwd=folder,
                env=self.engine.environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=sink,
                text=True,
                start_new_session=True,
                # `pytest &` ignores it
                preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
            ) as process,
        ):
            found = Command(subject=self, process=process, talk=talk)
            try:
                yield found
            finally:
                if process.poll() is None:
                    found.kill(with_all=True)

    def killed(self, moment: Moment, *, with_all: bool, verb: str = "deploy") -> None:
        """Run a command in a slow account until `moment`, and kill it.

        The account stays slow, so that the next command meets what still goes on.
        """
        self.account.aws.faults.delay(SLOW_SECONDS)
        with self.command(verb) as command:
            command.wait_for(moment)
            command.kill(with_all=with_all)

    def converge(self) -> int:
        """Deploy as often as the messages ask for, twice at most; returns how often."""
        try:
            self.engine.deploy()
        except AssertionError as error:  # says what the command said
            if AGAIN not in str(error):
                raise
            self.account.aws.faults.delay(0)
            self.engine.deploy()
            return 2
        finally:
            self.account.aws.faults.delay(0)
        return 1

    def assert_converged(self) -> None:
        """See that all is as the file says, and that nothing is there that no stack has."""
        assert self.state in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
        assert self.engine.run("plan").stdout.startswith("nothing to do")
        lost = held(self.account, self.name) - set(self.account.resources(self.name).values())
        assert not lost, lost

    def remove(self) -> None:
        """Make an end of it, data and all, through the account's own API: it is quicker."""
        client = self.account.client("cloudformation")
        client.delete_stack(StackName=f"mlops-{self.name}")
        client.get_waiter("stack_delete_complete").wait(
            StackName=f"mlops-{self.name}", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        storage = self.account.client("s3")
        for bucket in storage.list_buckets(Prefix=f"mlops-{self.name}-")["Buckets"]:
            storage.delete_bucket(Bucket=bucket["Name"])


def subject_in(folder: Path, account: Account, name: str) -> Subject:
    """Write an environment in a project that need not synthesise the same thing twice."""
    shutil.copy(account.folder / "cdk.json", folder)
    remembering.link(folder)
    engine = Engine(replace(account, folder=folder), name)
    engine.write()
    return Subject(engine)


def _words(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []
