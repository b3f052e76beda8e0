"""A PostgreSQL for each recorded flexible server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.rehearsal.postgres import InstanceSpec, Postgres
from mlops_infra.rehearsal.pulumi.description import CloudError

if TYPE_CHECKING:
    from mlops_infra.rehearsal.pulumi.cloud import Resource
    from mlops_infra.rehearsal.pulumi.description import Call, Place

SERVER = "azure-native:dbforpostgresql:Server"
DATABASE = "azure-native:dbforpostgresql:Database"
SETTING = "azure-native:dbforpostgresql:Configuration"
CONNECTIONS = {
    "Standard_B1ms": 50,
    "Standard_B2s": 429,
    "Standard_D2ds_v5": 859,
    "Standard_D4ds_v5": 1718,
}
"""Azure's own `max_connections`:
https://learn.microsoft.com/azure/postgresql/configure-maintain/concepts-limits"""


class Databases:
    """The running servers, by id. One starts when the first app asks for it.

    So a setting that takes a restart has its value, as after the restart.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._running: dict[str, Postgres] = {}

    def addresses(self, host: str) -> dict[str, str]:
        """Return what leads libpq to the server of that name; nothing where there is none."""
        for server_id, server in self._place.cloud.of(SERVER).items():
            if server.outputs["fullyQualifiedDomainName"] == host:
                if server_id not in self._running:
                    self._running[server_id] = self._start(server_id, server)
                return self._running[server_id].addresses
        return {}

    def run(self, call: Call) -> None:
        """Do what the cloud does for a server.

        Raises:
            CloudError: it cannot be restored.
        """
        if call.inputs.get("createMode") == "PointInTimeRestore":
            raise CloudError("PointInTimeRestoreFailed: the emulated Azure keeps no backups")
        if call.id in self._running:
            self._running[call.id].set_password(call.inputs["administratorLoginPassword"])

    def settle(self) -> None:
        """Remove the servers that are not recorded any more."""
        for server in list(self._running):
            if self._place.cloud.get(SERVER, server) is None:
                self._running.pop(server).remove()

    def stop(self) -> None:
        """End all of them."""
        for running in self._running.values():
            running.remove()

    def _start(self, server_id: str, server: Resource) -> Postgres:
        cloud, inputs = self._place.cloud, server.inputs
        (database,) = [each for each in cloud.of(DATABASE) if each.startswith(f"{server_id}/")]
        wanted = cloud.get(SETTING, f"{server_id}/configurations/max_connections")
        own = CONNECTIONS[inputs["sku"]["name"]]
        return Postgres(
            InstanceSpec(
                host=server.outputs["fullyQualifiedDomainName"],
                user=inputs["administratorLogin"],
                password=inputs["administratorLoginPassword"],
                database=database.rpartition("/")[2],
                max_connections=int(wanted.inputs["value"]) if wanted else own,
            ),
            doors=self._place.doors,
        )
