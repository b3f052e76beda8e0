"""The files that Pulumi keeps a stack in, read without Pulumi: in a folder, or in a cloud's bucket.

https://www.pulumi.com/docs/iac/operations/stack-management/using-a-diy-backend/
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qsl, urlsplit

from mlops_infra.config.models import Cloud
from mlops_infra.engines.pulumi.clouds import cloud_of
from mlops_infra.engines.pulumi.state import state_url

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from mlops_infra.model import Target

STORES = {"gs": Cloud.GCP, "azblob": Cloud.AZURE}


class Files(Protocol):
    """What there is below `.pulumi`, by paths from there."""

    def read(self, path: str) -> bytes | None:
        """Return a file, or None where there is none."""
        ...

    def below(self, folder: str) -> list[str]:
        """Return the paths of the files in a folder."""
        ...


def files_of(target: Target) -> Files | None:
    """Return the files that the target's state is in; None where only Pulumi knows the way."""
    url = urlsplit(state_url(target))
    if url.scheme == "file":
        return _Folder(Path(url.netloc + url.path).expanduser() / ".pulumi")
    return _Bucket(target, url) if STORES.get(url.scheme) is target.cloud else None


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, path: str) -> bytes | None:
        try:
            return (self._root / path).read_bytes()
        except FileNotFoundError:
            return None

    def below(self, folder: str) -> list[str]:
        return [f"{folder}/{each.name}" for each in (self._root / folder).glob("*")]


class _Bucket:
    def __init__(self, target: Target, url: SplitResult) -> None:
        self._cloud, self._name = cloud_of(target), url.netloc
        self._options = dict(parse_qsl(url.query))
        self._root = f"{url.path.strip('/')}/.pulumi/".lstrip("/")

    def read(self, path: str) -> bytes | None:
        return self._cloud.stored(self._name, f"{self._root}{path}", self._options)

    def below(self, folder: str) -> list[str]:
        found = self._cloud.keys(self._name, f"{self._root}{folder}/", self._options)
        return [each.removeprefix(self._root) for each in found]
