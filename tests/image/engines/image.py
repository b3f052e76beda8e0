"""A built image, and a container that runs of it: what tests ask of either engine."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


class Image(Protocol):
    """Runs as production runs it: as the declared user, nothing writable but /tmp, no rights.

    The network is this machine's own, so servers find each other on 127.0.0.1.
    """

    @property
    def size(self) -> str:
        """As the engine's own listing says it, base included."""
        ...

    def start(self, *words: str, variables: Mapping[str, str], log: Path) -> Container:
        """Start the image's entry point with `words` after it."""
        ...

    def python(self, script: str, *, variables: Mapping[str, str] | None = None) -> str:
        """Run a script with the image's Python in the place of its entry point; what it printed."""
        ...


@dataclass(frozen=True, kw_only=True)
class Container:
    """A running one."""

    process: subprocess.Popen[bytes]
    """The engine's; it ends when the container does, with its exit code."""
    terminate: Callable[[], None]
    """Send SIGTERM to the container's first process, as every platform does."""
    kill: Callable[[], None]

    def remove(self) -> None:
        """End it and all that it started, whatever state it is in."""
        if self.process.poll() is None:
            self.kill()
            self.process.wait()

    def stop(self, *, grace_seconds: float) -> int:
        """Stop it as platforms do; return its exit code, as 128 + 9 where it had to be killed."""
        if self.process.poll() is None:
            self.terminate()
        try:
            return self.process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self.remove()
            return 137
