"""One target's folder, stack, cluster and servers, put together for the port that it listens on."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlops_infra.engines.local import ports
from mlops_infra.engines.local.cluster import Cluster, programs_dir
from mlops_infra.engines.local.home import Home
from mlops_infra.engines.local.processes import environ_of
from mlops_infra.engines.local.servers import Servers, server_of
from mlops_infra.errors import PrerequisiteError
from mlops_infra.project import load_stack

if TYPE_CHECKING:
    from collections.abc import Generator

    from mlops_infra.model import Target


class Parts:
    """One target's folder, stack, cluster and servers, composed for one port."""

    def __init__(self, target: Target, *, port: int = 0) -> None:
        self.home = Home(target)
        bin_dir = programs_dir()
        self.platform = load_stack(target.project_dir, target.cloud).compose(
            target.environment,
            home=self.home.path,
            socket_dir=self.home.socket_dir,
            port=port or choose_port(target, self.home),
            bin_dir=bin_dir,
        )
        self.cluster = Cluster(self.platform.database, bin_dir=bin_dir)
        self.servers = Servers(self.home.path, self.platform.tracking)


def choose_port(target: Target, home: Home) -> int:
    """Return the port that a deploy would use: the file's, else the last one, else a free one.

    Raises:
        PrerequisiteError: the file's is in use.
    """
    ours = _running_port(home)
    local = target.environment.local
    if local and local.port:
        if local.port != ours and not ports.is_free(local.port):
            raise PrerequisiteError(
                f"port {local.port} is in use by {ports.holder(local.port)}",
                hint=f"stop it, or change local.port of environment '{target.environment.name}'",
            )
        return local.port
    deployed = home.deployed()
    last = deployed.port if deployed else ours
    if last and (last == ours or ports.is_free(last)):
        return last
    return ports.free_port(home.neighbour_ports())


@contextmanager
def reserved_port(target: Target, home: Home) -> Generator[int]:
    """Yield the chosen port, held against every other deploy meanwhile."""
    port = choose_port(target, home)
    claim = ports.claim(port)
    while claim is None and port != _running_port(home):
        port = choose_port(target, home)
        claim = ports.claim(port)
    try:
        yield port
    finally:
        if claim:
            claim.close()


def _running_port(home: Home) -> int:
    """Return the port of the server that runs, or 0."""
    head = server_of(home.path)
    return int(environ_of(head).get("MLFLOW_PORT", "0")) if head else 0
