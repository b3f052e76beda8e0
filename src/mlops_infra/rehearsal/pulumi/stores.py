"""Object stores that Pulumi keeps its state in, emulated: Google's and Azure's, as processes.

Google's is fake-gcs-server, Azure's is azurite. Whoever starts one says where the program is.
"""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from shlex import join
from typing import TYPE_CHECKING

import httpx
from azure.storage.blob import BlobServiceClient
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from mlops_infra.errors import UnhealthyError
from mlops_infra.rehearsal.ports import free_port
from mlops_infra.rehearsal.pulumi.names import GOOGLE_TOKEN

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

START_SECONDS = 60
AZURE_ACCOUNT = "devstoreaccount1"
AZURE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
"""Azurite's one account, the same everywhere:
https://learn.microsoft.com/azure/storage/common/storage-use-azurite#well-known-storage-account-and-key
"""


@dataclass(frozen=True, kw_only=True)
class Store:
    """A bucket or container, and what Pulumi needs to reach it."""

    address: str
    """Host and port of the emulator."""
    url: str
    """What `PULUMI_BACKEND_URL` takes."""
    environ: dict[str, str]


@contextmanager
def google(
    program: Path, bucket: str, *, folder: Path | None = None, is_made: bool = True
) -> Generator[Store]:
    """Run fake-gcs-server, in `folder` or else in memory, with one bucket if `is_made`."""
    port = free_port()
    address = f"127.0.0.1:{port}"
    argv = [str(program), "-scheme", "http", "-host", "127.0.0.1", "-port", str(port)]
    backend = ["-backend", "memory"]
    if folder:  # large artifacts
        backend = ["-backend", "filesystem", "-filesystem-root", str(folder)]
    with _running([*argv, *backend, "-public-host", address], address):
        if is_made:
            made = httpx.post(f"http://{address}/storage/v1/b?project=any", json={"name": bucket})
            made.raise_for_status()
        yield Store(
            address=address,
            url=f"gs://{bucket}",
            environ={"STORAGE_EMULATOR_HOST": address, "GOOGLE_OAUTH_ACCESS_TOKEN": GOOGLE_TOKEN},
        )


@contextmanager
def azure(program: Path, container: str, *, is_made: bool = True) -> Generator[Store]:
    """Run azurite in memory, with one container unless somebody else is to make it."""
    port = free_port()
    address = f"127.0.0.1:{port}"
    argv = [str(program), "--silent", "--inMemoryPersistence", "--skipApiVersionCheck"]
    with _running([*argv, "--blobHost", "127.0.0.1", "--blobPort", str(port)], address):
        if is_made:
            make_container(address, container)
        yield Store(
            address=address,
            url=f"azblob://{container}?domain={address}&protocol=http&localemu=true",
            environ={"AZURE_STORAGE_ACCOUNT": AZURE_ACCOUNT, "AZURE_STORAGE_KEY": AZURE_KEY},
        )


def make_container(address: str, container: str) -> None:
    """Make a container in the azurite at `address`."""
    with BlobServiceClient(f"http://{address}/{AZURE_ACCOUNT}", credential=AZURE_KEY) as client:
        client.create_container(container)


@contextmanager
def _running(argv: list[str], address: str) -> Generator[None]:
    """Run a store until the `with` block ends.

    Raises:
        UnhealthyError: it stopped, or never answered.
    """

    def ask() -> None:
        if process.poll() is not None:
            raise UnhealthyError(f"{argv[0]} stopped ({process.returncode})", hint=hint)
        httpx.get(f"http://{address}/")

    hint = f"it says why by hand: {join(argv)}"
    with subprocess.Popen(  # noqa: S603 - a program of ours, no shell
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            try:
                Retrying(
                    retry=retry_if_exception_type(httpx.TransportError),
                    stop=stop_after_delay(START_SECONDS),
                    wait=wait_fixed(0.1),
                    reraise=True,
                )(ask)
            except httpx.TransportError as error:
                message = f"{argv[0]}: no answer after {START_SECONDS} s"
                raise UnhealthyError(message, hint=hint) from error
            yield
        finally:
            process.kill()  # azurite would wait for connections that nobody uses any more
