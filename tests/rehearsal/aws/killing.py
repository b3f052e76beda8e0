"""An environment on AWS whose commands are killed, and what CloudFormation says of it."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tests.conftest import Project
from tests.rehearsal.aws import remembering
from tests.rehearsal.aws.account import Engine
from tests.rehearsal.aws.inventory import held
from tests.rehearsal.killing import Command, started

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.rehearsal.aws.account import Account

    Moment = Callable[[Command["Subject"]], bool]

SLOW_SECONDS = 0.05
"""What each resource takes longer: a whole stack about 4 s."""
AGAIN = "deploy again"
"""What a deploy's hint says where one more is needed."""


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

    def has(self, *endings: str) -> int:
        """How many resources CloudFormation says that of: `CREATE_COMPLETE`, …"""
        return sum(each["ResourceStatus"] in endings for each in self.resources())

    def command(self, verb: str, *words: str) -> AbstractContextManager[Command[Subject]]:
        """Start a command.

        The CDK CLI is in a session of its own: it dies with the machine and not with the terminal.
        """
        folder = self.account.folder
        argv = [*Project(folder).argv(verb, "-e", self.name, "--yes"), *words]
        return started(self, argv, folder=folder, environ=self.engine.environ)

    def killed(
        self, moment: Moment | tuple[str, str], *, with_all: bool, verb: str = "deploy"
    ) -> None:
        """Run a command in a slow account until `moment`, and kill it.

        A type and an operation are the moment when that is asked for, and waits. The account stays
        slow, so that the next command meets what still goes on.
        """
        faults = self.account.aws.faults
        faults.delay(SLOW_SECONDS)
        with self.command(verb) as command, ExitStack() as until_killed:
            if isinstance(moment, tuple):
                is_held = until_killed.enter_context(faults.holding(*moment))
                command.wait_for(lambda _: is_held())
            else:
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
