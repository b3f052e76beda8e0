"""Ports of this machine for what a rehearsal starts."""

from __future__ import annotations

import socket


def free_port() -> int:
    """Return one that nobody listens on; the system gives another to whoever asks next."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
