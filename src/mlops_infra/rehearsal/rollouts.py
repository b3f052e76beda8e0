"""Replaces what runs for a service as platforms do: the new one first, then the old goes."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from mlops_infra.errors import InfraError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Instance(Protocol):
    """What runs for one service."""

    @property
    def spec(self) -> Any: ...  # noqa: ANN401 - each cloud's own; equal ones need no new instance
    @property
    def port(self) -> int: ...
    @property
    def is_running(self) -> bool: ...
    def wait(self) -> None: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...


class Rollouts:
    """The running instances, one for each service, by its id."""

    def __init__(self, logs: Path) -> None:
        """`logs` is the folder of what they print."""
        self._logs = logs
        self._running: dict[str, Instance] = {}
        self._started = 0
        self._lock = Lock()

    @property
    def services(self) -> tuple[str, ...]:
        """The ids of all services that something runs for."""
        return tuple(self._running)

    def port_of(self, service: str) -> int | None:
        """Return where a service answers, or None while nothing runs for it."""
        running = self._running.get(service)
        return running.port if running and running.is_running else None

    def roll_out(
        self,
        service: str,
        spec: Callable[[], Any],
        start: Callable[[Any, Path], Instance],
        *,
        name: str,
    ) -> None:
        """Bring a service to its `spec` of now; `start` is given that, and where it logs to.

        Raises:
            InfraError: the new one does not become healthy; the old one goes on.
        """
        with self._lock:
            wanted = spec()
            old = self._running.get(service)
            if old and old.is_running and old.spec == wanted:
                return
            self._logs.mkdir(exist_ok=True)
            self._started += 1
            new = start(wanted, self._logs / f"{name}-{self._started}.log")
            try:
                new.wait()
            except InfraError:
                new.kill()
                raise
            self._running[service] = new
        if old:
            old.stop()

    def remove(self, service: str) -> None:
        """Stop what runs for a service."""
        running = self._running.pop(service, None)
        if running:
            running.stop()

    def stop(self) -> None:
        """End all of them, at once."""
        for running in self._running.values():
            running.kill()
