"""A PostgreSQL for each recorded Cloud SQL instance, with an authority of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_infra.rehearsal.authority import Authority
from mlops_infra.rehearsal.doors import Doors
from mlops_infra.rehearsal.gcp.data import DATABASE, INSTANCE, USER
from mlops_infra.rehearsal.postgres import InstanceSpec, Postgres
from mlops_infra.rehearsal.pulumi.description import CloudError

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_infra.rehearsal.pulumi.cloud import Cloud, Resource
    from mlops_infra.rehearsal.pulumi.description import Call, Properties

INSTANCE_PARTS = {INSTANCE, USER}


class Databases:
    """The running instances, by name. One starts when the first server asks for it."""

    def __init__(self, folder: Path, cloud: Cloud) -> None:
        self._folder = folder
        self._cloud = cloud
        self._authorities: dict[str, Authority] = {}
        self._running: dict[str, Postgres] = {}

    def addresses(self, host: str) -> dict[str, str]:
        """Return what leads libpq to the instance of that address; nothing where there is none."""
        for name, instance in self._cloud.of(INSTANCE).items():
            if instance.outputs["privateIpAddress"] == host:
                if name not in self._running:
                    self._running[name] = self._start(name, instance)
                return self._running[name].addresses
        return {}

    def run(self, kind: str, call: Call) -> Properties:
        """Do what the cloud does for a part of an instance; returns what it tells of it.

        Raises:
            CloudError: it cannot be restored.
        """
        if kind == INSTANCE:
            if call.inputs.get("restoreBackupContext"):
                raise CloudError("Error 404: the emulated Cloud SQL has no backups to restore from")
            authority = self._authority(call.id)
            return {"serverCaCerts": [{"cert": authority.file.read_text(), "commonName": call.id}]}
        running = self._running.get(call.inputs["instance"])
        if running:
            running.set_password(call.inputs["password"])
        return {}

    def settle(self) -> None:
        """Remove the instances that are not recorded any more."""
        for name in list(self._running):
            if self._cloud.get(INSTANCE, name) is None:
                self._running.pop(name).remove()

    def stop(self) -> None:
        """End all of them."""
        for running in self._running.values():
            running.remove()

    def _start(self, name: str, instance: Resource) -> Postgres:
        (database,), (user,) = (
            [
                each.inputs
                for each in self._cloud.of(kind).values()
                if each.inputs["instance"] == name
            ]
            for kind in (DATABASE, USER)
        )
        flags = {
            each["name"]: each["value"] for each in instance.inputs["settings"]["databaseFlags"]
        }
        return Postgres(
            InstanceSpec(
                host=instance.outputs["privateIpAddress"],
                user=user["name"],
                password=user["password"],
                database=database["name"],
                max_connections=int(flags["max_connections"]),
            ),
            doors=Doors(self._authority(name)),
        )

    def _authority(self, name: str) -> Authority:
        if name not in self._authorities:
            self._folder.mkdir(exist_ok=True)
            self._authorities[name] = Authority(self._folder / f"{name}.pem")
        return self._authorities[name]
