"""One target's folder, stack, cluster and servers, put together for the port that it listens on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.engines.local import ports
from mlops_infra.engines.local.cluster import Cluster, programs_dir
from mlops_infra.engines.local.home import Home
from mlops_infra.engines.local.servers import Servers, server_of
from mlops_infra.errors import PrerequisiteError
from mlops_infra.project import load_stack

if TYPE_CHECKING:
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
    """Return the port that a deploy would use: the file's, else the last one, else a free one."""
    deployed = home.deployed()
    head = server_of(home.path)
    ours = int(head.environ().get("MLFLOW_PORT", "0")) if head else 0
    local = target.environment.local
    if local and local.port:
        if local.port != ours and not ports.is_free(local.port):
            raise PrerequisiteError(
                f"port {local.port} is in use by {ports.holder(local.port)}",
                hint=f"stop it, or change local.port of environment '{target.environment.name}'",
            )
        return local.port
    if deployed and (deployed.port == ours or ports.is_free(deployed.port)):
        return deployed.port
    return ports.free_port(home.neighbour_ports())
