"""Which ports of this machine are free, and how a deploy holds one until its server listens."""

from __future__ import annotations

import socket

import psutil

from mlops_infra.errors import PrerequisiteError

FIRST_PORT = 5500
LAST_PORT = 5999


def claim(port: int) -> socket.socket | None:
    """Hold `port` against every other deploy; returns None where another one does.

    A first deploy chooses its port seconds before its server listens on it. The claim is the UDP
    port of the same number: the kernel arbitrates between projects and users, and drops it with
    the socket, however the process ends.
    """
    held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        held.bind(("127.0.0.1", port))
    except OSError:
        held.close()
        return None
    return held


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` of this machine now, and no deploy holds it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    held = claim(port)
    if held:
        held.close()
    return held is not None


def holder(port: int) -> str:
    """Return who listens on `port`, as far as this user may know."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port:
                if connection.pid:
                    return f"process {connection.pid} ({psutil.Process(connection.pid).name()})"
                break
    except psutil.Error:
        pass
    return "another program"


def free_port(avoid: set[int]) -> int:
    """Return a port that is free now and that no other environment of this project has.

    Raises:
        PrerequisiteError: there is none.
    """
    for port in range(FIRST_PORT, LAST_PORT + 1):
        if port not in avoid and is_free(port):
            return port
    raise PrerequisiteError(
        f"no free port between {FIRST_PORT} and {LAST_PORT}",
        hint="set local.port in the environment file",
    )
