"""What an emulated subscription has recorded, run: an app's container, its data, its names.

apps.py        what a container app's template describes
identities.py  the endpoint where a container gets tokens of its identities
accounts.py    a storage account's blobs, in an azurite of its own
databases.py   a flexible server's PostgreSQL
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlops_infra.errors import InfraError
from mlops_infra.project import stacks_dir
from mlops_infra.rehearsal.azure.running.accounts import ACCOUNT_PARTS, Accounts
from mlops_infra.rehearsal.azure.running.apps import APP, app_behind, container_spec
from mlops_infra.rehearsal.azure.running.databases import SERVER, Databases
from mlops_infra.rehearsal.azure.running.identities import Identities
from mlops_infra.rehearsal.container import Container
from mlops_infra.rehearsal.doors import Served
from mlops_infra.rehearsal.pulumi.description import CloudError
from mlops_infra.rehearsal.rollouts import Rollouts

if TYPE_CHECKING:
    from mlops_infra.rehearsal.pulumi.description import Call, Place, Properties


class Running:
    """All that runs for the subscriptions of this process."""

    def __init__(self, place: Place) -> None:
        """Run nothing but the identities' endpoint yet.

        Raises:
            PrerequisiteError: azurite is not there.
        """
        self._place = place
        self._identities = Identities(place.cloud)
        self._databases = Databases(place)
        self._accounts = Accounts(place)
        self._rollouts = Rollouts(place.folder / "logs")

    def run(self, kind: str, call: Call) -> Properties:
        """Start, or bring to what is recorded.

        Raises:
            CloudError: it does not run; what ran before goes on.
        """
        try:
            if kind == SERVER:
                self._databases.run(call)
            elif kind in ACCOUNT_PARTS:
                self._accounts.run(kind, call)
            elif kind == APP:
                self._roll_out(call)
        except InfraError as error:
            raise CloudError(
                f"ContainerAppOperationError: {call.id}: {error.message}\n{error.hint}"
            ) from error
        return {}

    def settle(self) -> None:
        """Stop what the subscription has no resource of any more."""
        for app in self._rollouts.services:
            if self._place.cloud.get(APP, app) is None:
                self._rollouts.remove(app)
        self._databases.settle()
        self._accounts.settle()

    def find(self, host: str) -> Served | None:
        """Return where the name of an app, its domain, or a storage account is served."""
        app = app_behind(self._place.cloud, host)
        port = self._rollouts.port_of(app) if app else None
        return Served(port=port) if port else self._accounts.find(host)

    def stop(self) -> None:
        """End all of it, at once."""
        self._rollouts.stop()
        self._databases.stop()
        self._accounts.stop()

    def _roll_out(self, call: Call) -> None:
        addresses = {
            **self._identities.variables(call.id),
            # Azure's names lead to what stands for them here.
            "https_proxy": self._place.door,
            "no_proxy": "127.0.0.1,localhost",
            "REQUESTS_CA_BUNDLE": str(self._place.authority.file),
        }
        self._rollouts.roll_out(
            call.id,
            lambda: container_spec(
                call,
                addresses=addresses,
                databases=self._databases,
                authority=self._place.authority.file,
            ),
            lambda spec, log: Container(spec, image=stacks_dir(Path.cwd()) / "image", log=log),
            name=call.inputs["containerAppName"],
        )
