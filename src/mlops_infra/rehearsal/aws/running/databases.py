"""A PostgreSQL for each recorded RDS instance; its data is in its snapshots and what they make."""

# ruff: noqa: SLF001 - ministack keeps its resources in module-level stores and offers no other door

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_infra.rehearsal.aws.innards import provisioners, rds
from mlops_infra.rehearsal.postgres import InstanceSpec, Postgres

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_infra.rehearsal.doors import Doors
    from mlops_infra.rehearsal.postgres import Backup

Props = dict[str, Any]

KIND = "AWS::RDS::DBInstance"
DEFAULT_CONNECTIONS = 100
"""PostgreSQL's own, where the parameter group says nothing."""


class Databases:
    """The running instances, and what their snapshots hold, by identifier."""

    def __init__(self, folder: Path, *, doors: Doors) -> None:
        self._folder = folder
        self._doors = doors
        self._running: dict[str, Postgres] = {}
        self._backups: dict[str, Backup] = {}

    def addresses(self, host: str) -> dict[str, str]:
        """Return what leads libpq to the instance of that name; nothing where there is none."""
        found = [each for each in self._running.values() if each.spec.host == host]
        return found[0].addresses if found else {}

    def start(self, identifier: str, props: Props) -> None:
        """Start an instance: from the snapshot that the template names, or empty."""
        snapshot = props.get("DBSnapshotIdentifier", "").rpartition(":")[2]
        self._running[identifier] = Postgres(
            _spec(rds._instances[identifier]),
            doors=self._doors,
            backup=self._backups[snapshot] if snapshot else None,
        )

    def remove(self, identifier: str) -> None:
        """Stop an instance and delete its data."""
        running = self._running.pop(identifier, None)
        if running:
            running.remove()

    def back_up(self, snapshot: str, identifier: str) -> None:
        """Keep what an instance holds as a snapshot."""
        if identifier in self._running:
            copied = self._running[identifier].back_up(self._folder / snapshot)
            self._backups[snapshot] = copied

    def stop(self) -> None:
        """End all of them."""
        for identifier in list(self._running):
            self.remove(identifier)

    def install(self) -> None:
        """Let CloudFormation do it, and every snapshot, whoever asks for it."""
        handler = provisioners._RESOURCE_HANDLERS[KIND]
        create, update, delete = (handler[verb] for verb in ("create", "update", "delete"))
        take_snapshot = rds._create_snapshot_internal

        def create_and_start(logical_id: str, props: Props, stack: str) -> tuple[str, Props]:
            made = create(logical_id, props, stack)
            self.start(made[0], props)
            return made

        def update_and_change(
            identifier: str,
            old: Props,
            new: Props,
            *words: Any,  # noqa: ANN401 - ministack's own
        ) -> tuple[str, Props]:
            made = update(identifier, old, new, *words)
            if made[0] != identifier:
                self.start(made[0], new)
                self.remove(identifier)
            else:
                password = rds._instances[identifier]["_MasterUserPassword"]
                self._running[identifier].set_password(password)
            return made

        def delete_and_remove(identifier: str, props: Props) -> None:
            delete(identifier, props)
            self.remove(identifier)

        def take_and_back_up(snapshot: str, instance: Props) -> Any:  # noqa: ANN401 - ministack's record
            taken = take_snapshot(snapshot, instance)
            self.back_up(snapshot, instance["DBInstanceIdentifier"])
            return taken

        handler |= {
            "create": create_and_start,
            "update": update_and_change,
            "delete": delete_and_remove,
        }
        rds._create_snapshot_internal = take_and_back_up


def _spec(instance: Props) -> InstanceSpec:
    (group,) = instance["DBParameterGroups"]
    parameters = rds._param_groups.get(group["DBParameterGroupName"], {"Parameters": {}})
    declared = parameters["Parameters"].get("max_connections")
    return InstanceSpec(
        host=instance["Endpoint"]["Address"],
        user=instance["MasterUsername"],
        password=instance["_MasterUserPassword"],
        database=instance["DBName"],
        max_connections=int(declared["ParameterValue"]) if declared else DEFAULT_CONNECTIONS,
    )
