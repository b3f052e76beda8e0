"""Failures and delays on demand: files in a folder, so that any process can ask for them."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

LOOK_SECONDS = 0.1
"""How long a wait goes on after the delay has been set to 0, or what is held was let go."""


class Faults:
    """What the emulator is told to do wrong.

    A failure is one file; whoever deletes it raises it, so it happens exactly once. The delay is a
    file with a number; it holds until it is set to 0, which ends a wait under way, too. A refusal
    of a call is a file as well, and so is what shall wait.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._delay = folder / "delay_seconds"

    def fail_next(
        self, resource_type: str, message: str, *, operation: str = "create", skip: int = 0
    ) -> None:
        """Make the next create (or another operation) of a resource type fail with `message`.

        The first `skip` of them still succeed.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        fault = {"type": resource_type, "operation": operation, "message": message, "skip": skip}
        draft = self._folder / f"{uuid4()}.draft"
        draft.write_text(json.dumps(fault))
        draft.rename(draft.with_suffix(".json"))

    @contextmanager
    def refusing(self, action: str, code: str, message: str = "") -> Generator[None]:
        """Refuse a call, such as `rds:DescribeDBInstances`, or every one, `*`, with AWS's code.

        Without a `message` it says who may not do what, as IAM does.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f"{uuid4()}.draft"
        draft.write_text(json.dumps({"action": action, "code": code, "message": message}))
        refusal = draft.rename(draft.with_suffix(".refusal"))
        try:
            yield
        finally:
            refusal.unlink()

    def refusal(self, action: str) -> dict[str, str] | None:
        """Return with what a call is refused, if it is."""
        for file in self._folder.glob("*.refusal"):
            refused = json.loads(file.read_text())
            if refused["action"] in {action, "*"}:
                return refused
        return None

    @contextmanager
    def holding(
        self, resource_type: str, operation: str = "create"
    ) -> Generator[Callable[[], bool]]:
        """Keep the next create (or another operation) of a type waiting until the block ends.

        Yields what says whether one waits. `created`, `updated` and `deleted` are operations, too:
        the cloud has done it, and has not answered yet.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f"{uuid4()}.draft"
        draft.write_text(json.dumps({"type": resource_type, "operation": operation}))
        wanted = draft.rename(draft.with_suffix(".hold"))
        held = wanted.with_suffix(".held")
        try:
            yield held.exists
        finally:
            wanted.unlink(missing_ok=True)
            held.unlink(missing_ok=True)

    def wait(self, resource_type: str, operation: str) -> None:
        """Wait as long as somebody holds this, with `holding`."""
        wanted = {"type": resource_type, "operation": operation}
        for file in self._folder.glob("*.hold"):
            with suppress(FileNotFoundError):  # another one waits for it, or the block has ended
                if json.loads(file.read_text()) == wanted:
                    held = file.rename(file.with_suffix(".held"))
                    while held.exists():
                        time.sleep(LOOK_SECONDS)

    def delay(self, seconds: float) -> None:
        """Make every create, update and delete of a resource take so much longer."""
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f"{uuid4()}.draft"
        draft.write_text(str(seconds))
        draft.rename(self._delay)

    @property
    def delay_seconds(self) -> float:
        try:
            return float(self._delay.read_text())
        except FileNotFoundError:
            return 0.0

    def clear(self) -> None:
        """Do nothing wrong any more, and let go what is held."""
        for file in self._folder.glob("*"):
            file.unlink(missing_ok=True)

    def strike(self, resource_type: str, operation: str) -> None:
        """Wait as told; then fail if told to.

        Raises:
            RuntimeError: somebody asked for it with `fail_next`.
        """
        began = time.monotonic()
        while (left := began + self.delay_seconds - time.monotonic()) > 0:
            time.sleep(min(left, LOOK_SECONDS))
        self.wait(resource_type, operation)
        for file in sorted(self._folder.glob("*.json")):
            fault = json.loads(file.read_text())
            if (fault["type"], fault["operation"]) != (resource_type, operation):
                continue
            file.unlink()
            if fault["skip"] == 0:
                raise RuntimeError(fault["message"])
            self.fail_next(
                resource_type, fault["message"], operation=operation, skip=fault["skip"] - 1
            )
