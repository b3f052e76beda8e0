"""What an emulated project has recorded, run: a service's containers, its database, its names.

routes.py      which service answers at a public name
revisions.py   what a service's template describes
instances.py   runs it: the server, the front, and Google's own front end before them
front_end.py   that front end
databases.py   an instance's PostgreSQL

Artifacts are in the store that `STORAGE_EMULATOR_HOST` names, as Google's own clients read it.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_infra.errors import InfraError, PrerequisiteError
from mlops_infra.project import stacks_dir
from mlops_infra.rehearsal.doors import Served
from mlops_infra.rehearsal.gcp.network import SERVICE
from mlops_infra.rehearsal.gcp.running.databases import INSTANCE_PARTS, Databases
from mlops_infra.rehearsal.gcp.running.instances import CloudRunInstance
from mlops_infra.rehearsal.gcp.running.revisions import revision
from mlops_infra.rehearsal.gcp.running.routes import service_behind
from mlops_infra.rehearsal.pulumi.description import CloudError
from mlops_infra.rehearsal.rollouts import Rollouts

if TYPE_CHECKING:
    from mlops_infra.rehearsal.pulumi.description import Call, Place, Properties

STORE = "STORAGE_EMULATOR_HOST"


class Running:
    """All that runs for the projects of this process."""

    def __init__(self, place: Place) -> None:
        """Run nothing yet.

        Raises:
            PrerequisiteError: there is no object store.
        """
        self._store = os.environ.get(STORE, "")
        if not self._store:
            raise PrerequisiteError(
                f"{STORE} is not set: artifacts need a store",
                hint=f"start fake-gcs-server, and set {STORE} to its URL; or run nothing"
                " (runs=False)",
            )
        self._cloud = place.cloud
        self._databases = Databases(place.folder / "authorities", place.cloud)
        self._rollouts = Rollouts(place.folder / "logs")
        self._mounts = place.folder / "mounts"

    def run(self, kind: str, call: Call) -> Properties:
        """Start, or bring to what is recorded.

        Raises:
            CloudError: it does not run; what ran before goes on.
        """
        try:
            if kind in INSTANCE_PARTS:
                return self._databases.run(kind, call)
            if kind == SERVICE:
                self._roll_out(call)
        except InfraError as error:
            raise CloudError(
                f"Error waiting for {call.id}: {error.message}\n{error.hint}"
            ) from error
        return {}

    def settle(self) -> None:
        """Stop what the project has no resource of any more."""
        for service in self._rollouts.services:
            if self._cloud.get(SERVICE, service) is None:
                self._rollouts.remove(service)
        self._databases.settle()

    def find(self, host: str) -> Served | None:
        """Return where a name of Cloud Run's, or a load balancer's domain, is served."""
        service = service_behind(self._cloud, host)
        port = self._rollouts.port_of(service) if service else None
        return Served(port=port) if port else None

    def stop(self) -> None:
        """End all of it, at once."""
        self._rollouts.stop()
        self._databases.stop()

    def _roll_out(self, call: Call) -> None:
        self._rollouts.roll_out(
            call.id,
            lambda: revision(
                call, databases=self._databases, mounts=self._mounts, store=self._store
            ),
            partial(CloudRunInstance, stacks=stacks_dir(Path.cwd())),
            name=call.inputs["name"],
        )
