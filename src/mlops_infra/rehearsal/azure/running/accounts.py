"""A storage account's blobs, in an azurite of its own that answers by the account's public name.

It takes tokens of Azure's form, over TLS; what they may do it does not ask.
https://learn.microsoft.com/azure/storage/common/storage-use-azurite#oauth-support
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient

from mlops_infra.errors import PrerequisiteError
from mlops_infra.rehearsal.doors import Served
from mlops_infra.rehearsal.ports import HOST, free_port, listens
from mlops_infra.rehearsal.program import Program
from mlops_infra.rehearsal.pulumi.stores import AZURE_KEY

if TYPE_CHECKING:
    from mlops_infra.rehearsal.pulumi.description import Call, Place

ACCOUNT, CONTAINER = "azure-native:storage:StorageAccount", "azure-native:storage:BlobContainer"
ACCOUNT_PARTS = {ACCOUNT, CONTAINER}
PROGRAM = "azurite-blob"
START_SECONDS = 60


class Accounts:
    """The running accounts, by id. What they hold goes with them."""

    def __init__(self, place: Place) -> None:
        """Run nothing yet.

        Raises:
            PrerequisiteError: azurite is not there.
        """
        program = shutil.which(PROGRAM)
        if program is None:
            raise PrerequisiteError(
                f"no program '{PROGRAM}' on the PATH: artifacts need a store",
                hint="npm install --global azurite; or run nothing (runs=False)",
            )
        self._program = program
        self._place = place
        self._running: dict[str, _Azurite] = {}

    def run(self, kind: str, call: Call) -> None:
        """Do what the cloud does for an account or a container in it.

        Raises:
            UnhealthyError: azurite does not start.
        """
        if kind == ACCOUNT and call.id not in self._running:
            name = call.inputs["accountName"]
            self._running[call.id] = _Azurite(name, program=self._program, place=self._place)
        if kind == CONTAINER:
            account = call.id.partition("/blobServices/")[0]
            self._running[account].make_container(call.inputs["containerName"])

    def find(self, host: str) -> Served | None:
        """Return where an account's public name is served."""
        for each in self._running.values():
            if each.host == host:
                return Served(port=each.port, speaks_tls=True)
        return None

    def settle(self) -> None:
        """Remove the accounts that are not recorded any more."""
        for account in list(self._running):
            if self._place.cloud.get(ACCOUNT, account) is None:
                self._running.pop(account).remove()

    def stop(self) -> None:
        """End all of them."""
        for running in self._running.values():
            running.remove()


class _Azurite:
    def __init__(self, name: str, *, program: str, place: Place) -> None:
        self.host = f"{name}.blob.core.windows.net"
        self.port = free_port()
        self._name, self._authority = name, place.authority.file
        self._folder = place.folder / "accounts" / name
        self._folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        certificate, key = place.authority.files(self.host, HOST, folder=self._folder)
        self._program = Program(
            [
                *(program, "--silent", "--skipApiVersionCheck", "--disableTelemetry"),
                *("--blobHost", HOST, "--blobPort", str(self.port)),
                *("--oauth", "basic", "--cert", str(certificate), "--key", str(key)),
                *("--location", str(self._folder)),
            ],
            env={"PATH": os.environ["PATH"], "AZURITE_ACCOUNTS": f"{name}:{AZURE_KEY}"},
            log=self._folder / "log",
        )
        self._program.wait(lambda: listens(self.port), seconds=START_SECONDS)

    def make_container(self, name: str) -> None:
        """Make a container, unless it is there."""
        with BlobServiceClient(
            f"https://{HOST}:{self.port}/{self._name}",
            credential=AZURE_KEY,
            connection_verify=str(self._authority),
        ) as client:
            try:
                client.create_container(name)
            except ResourceExistsError:
                return

    def remove(self) -> None:
        """Stop it and delete its data."""
        self._program.kill()
        shutil.rmtree(self._folder, ignore_errors=True)
