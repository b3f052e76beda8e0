"""The shipped environments on an emulated Azure or Google Cloud, worked on by the real command."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

import httpx
from azure.storage.blob import BlobServiceClient

from mlops_infra.rehearsal.pulumi import EmulatedClouds, stores
from tests.conftest import REPOSITORY, Project
from tests.rehearsal.pulumi.small.images import copy_stacks
from tools import fake_gcs

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Generator
    from pathlib import Path

    from mlops_infra.rehearsal.pulumi.stores import Store

IMAGE = "ghcr.io/example/mlflow-server:3.17.2"
"""A prebuilt one: these tests are about what a cloud does with it, and need no builder."""

PROGRAMS = REPOSITORY / "node_modules" / ".bin"
STATE = "pulumi-state"


@dataclass(frozen=True, kw_only=True)
class Platform:
    """An emulated cloud with a store for the state, and a project of environments for it."""

    name: str
    clouds: EmulatedClouds
    store: Store
    folder: Path

    @property
    def everything(self) -> set[tuple[str, str]]:
        """Type and id of all that is there."""
        cloud = self.clouds.cloud
        return {(kind, each) for kind in cloud.kinds() for each in cloud.of(kind)}

    def artifacts(self, uri: str) -> dict[str, int]:
        """Return the size in bytes of each artifact below a URI, as its store tells it."""
        return ARTIFACTS[self.name](self, urlsplit(uri))

    @property
    def environ(self) -> dict[str, str]:
        return {
            **self.clouds.environ,
            **self.store.environ,
            "MLOPS_INFRA_CLOUD": self.name,
            "PULUMI_CONFIG_PASSPHRASE": "correct",
            "PULUMI_HOME": str(self.folder / "pulumi-home"),
        }


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One environment of a platform."""

    platform: Platform
    name: str

    @property
    def project(self) -> Project:
        return Project(self.platform.folder)

    @property
    def environ(self) -> dict[str, str]:
        return self.platform.environ

    def run(self, *words: str, code: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
        environ = {**self.environ, **more}
        return self.project.run(words[0], "-e", self.name, *words[1:], code=code, **environ)

    def write(self, changes: dict[str, Any] | None = None, *, like: str = "dev") -> None:
        cloud = self.platform.name
        state = {"url": self.platform.store.url, "secrets_provider": "passphrase"}
        common = {"image": IMAGE, cloud: {"state": state}}
        self.project.write(self.name, {**common, **(changes or {})}, like=like)

    def deploy(self) -> str:
        """Deploy all of it; return what was said, and not the tracking URI.

        Where the cloud runs nothing, all is there and no server answers.
        """
        if self.platform.clouds.runs:
            done = self.run("deploy", "--yes")
            assert done.stdout.startswith("https://"), done.stdout
        else:
            done = self.run("deploy", "--yes", code=1)
            assert "the server cannot be reached" in done.stderr, done.stderr
        return done.stderr

    def planned(self) -> dict[str, str]:
        """Return what a deploy would do to each resource."""
        found = json.loads(self.run("plan", "--json", code=2).stdout)["changes"]
        return {each["resource"]: each["action"] for each in found}


@contextmanager
def google(folder: Path, *, runs: bool) -> Generator[Platform]:
    """An emulated Google Cloud; state and artifacts are in one fake-gcs-server."""
    copy_stacks(folder)  # the front's image is built on any deploy
    with stores.google(fake_gcs.program(), STATE, folder=folder / "store") as store:
        host = store.environ["STORAGE_EMULATOR_HOST"]
        environ = {**os.environ, "STORAGE_EMULATOR_HOST": f"http://{host}"}
        clouds = EmulatedClouds(
            folder / "cloud", "mlops_infra.rehearsal.gcp", runs=runs, environ=environ
        )
        with clouds:
            yield Platform(name="gcp", clouds=clouds, store=store, folder=folder)


@contextmanager
def azure(folder: Path, *, runs: bool) -> Generator[Platform]:
    """An emulated Azure; the state is in one azurite, the artifacts of each account in another."""
    path = os.pathsep.join([str(PROGRAMS), os.environ["PATH"]])
    with stores.azure(PROGRAMS / "azurite-blob", STATE) as store:
        clouds = EmulatedClouds(
            folder / "cloud",
            "mlops_infra.rehearsal.azure",
            runs=runs,
            environ={**os.environ, "PATH": path},
        )
        with clouds:
            yield Platform(name="azure", clouds=clouds, store=store, folder=folder)


PLATFORMS = {"gcp": google, "azure": azure}


@contextmanager
def nothing_made(cloud: str, folder: Path) -> Generator[tuple[EmulatedClouds, Store]]:
    """An empty Azure or Google Cloud that runs nothing, and the store that a bootstrap makes."""
    where = (
        stores.google(fake_gcs.program(), "your-state", is_made=False)
        if cloud == "gcp"
        else stores.azure(PROGRAMS / "azurite-blob", "pulumi", is_made=False)
    )
    with where as store:
        host = {
            "STORAGE_EMULATOR_HOST": f"http://{store.address}",
            "BLOB_EMULATOR_HOST": store.address,
        }
        environ = {**Project(folder).environ(), **host}
        module = f"mlops_infra.rehearsal.{cloud}"
        with EmulatedClouds(folder, module, runs=False, environ=environ) as clouds:
            yield clouds, store


def _in_bucket(platform: Platform, uri: SplitResult) -> dict[str, int]:
    host = platform.store.environ["STORAGE_EMULATOR_HOST"]
    found = httpx.get(
        f"http://{host}/storage/v1/b/{uri.netloc}/o", params={"prefix": uri.path.lstrip("/")}
    )
    return {each["name"]: int(each["size"]) for each in found.json().get("items", [])}


def _in_container(platform: Platform, uri: SplitResult) -> dict[str, int]:
    environ = platform.environ
    with BlobServiceClient(
        f"https://{uri.hostname}",
        credential=stores.AZURE_KEY,
        proxies={"https": environ["https_proxy"]},
        connection_verify=environ["SSL_CERT_FILE"],
    ) as client:
        blobs = client.get_container_client(str(uri.username)).list_blobs(uri.path.lstrip("/"))
        return {each.name: each.size for each in blobs}


ARTIFACTS = {"gcp": _in_bucket, "azure": _in_container}
