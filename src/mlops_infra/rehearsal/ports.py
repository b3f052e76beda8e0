"""Ports of this machine for what a rehearsal starts."""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress

HOST = "127.0.0.1"
CANDIDATES = range(20_000, 32_768)
"""Below those that a system gives to outgoing connections: MLflow takes seconds from its start
until it listens, and on a busy machine one of those had its port by then."""


def free_port() -> int:
    """Return one that nobody listens on; it is not held until somebody does."""
    for port in secrets.SystemRandom().sample(CANDIDATES, k=len(CANDIDATES)):
        with socket.socket() as probe, suppress(OSError):
            probe.bind((HOST, port))
            return port
    raise OSError("no free port")


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0
