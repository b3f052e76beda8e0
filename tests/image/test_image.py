"""What is in the image, and what it may do."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.image.conftest import CONTEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.image.engines.image import Image

pytestmark = pytest.mark.slow

LARGEST_MIB = 400
"""What it may add to its base. A task pulls all of it before it starts."""

IDENTITY = """
import json, os, pathlib
status = dict(line.split(":", 1) for line in pathlib.Path("/proc/self/status").open())
names = "CapInh CapPrm CapEff CapAmb NoNewPrivs".split()
print(json.dumps([os.getuid(), os.getgid(), *(int(status[name], 16) for name in names)]))
"""

WRITABLE = """
import json, os
found = []
root = os.lstat("/").st_dev
for folder, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if os.lstat(os.path.join(folder, name)).st_dev == root]
    for path in [folder, *(os.path.join(folder, name) for name in files)]:
        is_own = os.lstat(path).st_uid == os.getuid()
        if is_own or (not os.path.islink(path) and os.access(path, os.W_OK)):
            found.append(path)
open("/tmp/proof", "w").close()
print(json.dumps(found))
"""

CONTENTS = """
import json, os, pathlib, re, shutil
from importlib.metadata import distributions
size = sum(
    os.lstat(os.path.join(folder, name)).st_size
    for top in ("/venv", "/app") for folder, _, files in os.walk(top) for name in files
)
names = {re.sub("[-_.]+", "-", each.name).lower(): each.version for each in distributions()}
print(json.dumps({
    "size": size,
    "packages": sorted(f"{name}=={version}" for name, version in names.items()),
    "tools": [name for name in "cc gcc c++ make ld pip uv".split() if shutil.which(name)],
    "app": sorted(os.listdir("/app")),
    "compiled": len(list(pathlib.Path("/venv").rglob("*.pyc"))) > 1000,
    "cache": os.path.exists("/root/.cache") or os.path.exists("/requirements.txt"),
}))
"""


def test_it_runs_as_its_unprivileged_user_without_any_capability(image: Image) -> None:
    assert json.loads(image.python(IDENTITY)) == [10001, 10001, 0, 0, 0, 0, 1]


def test_its_user_owns_nothing_and_writes_nowhere_but_to_tmp(image: Image) -> None:
    assert json.loads(image.python(WRITABLE)) == []


def test_it_holds_what_is_locked_and_nothing_to_build_with(
    image: Image, record_property: Callable[[str, object], None]
) -> None:
    contents = json.loads(image.python(CONTENTS))
    mib = contents["size"] / 2**20
    record_property("size with its base:", image.size)
    record_property("size without it:", f"{mib:.0f} MiB")
    assert contents["packages"] == locked()
    assert contents["tools"] == []
    assert contents["app"] == ["basic_auth.ini", "rds-ca.pem", "serve.py"]
    assert contents["compiled"]
    assert not contents["cache"]
    assert mib < LARGEST_MIB


def test_no_part_of_the_server_imports_what_the_lock_leaves_out() -> None:
    left_out = set((CONTEXT / "client_only.txt").read_text().splitlines())
    modules = {"sklearn" if name == "scikit-learn" else name for name in left_out}
    found = {
        file.relative_to(mlflow()).as_posix()
        for part in ("server", "store", "entities", "tracing", "protos")
        for file in (mlflow() / part).rglob("*.py")
        if modules & set(imported(file))
    }
    assert found == {"store/artifact/hdfs_artifact_repo.py"}


def locked() -> list[str]:
    lock = (CONTEXT / "requirements.txt").read_text()
    return sorted(re.findall(r"^([\w.-]+==[\w.]+)", lock, re.MULTILINE))


def mlflow() -> Path:
    spec = importlib.util.find_spec("mlflow")
    assert spec
    assert spec.origin
    return Path(spec.origin).parent


def imported(file: Path) -> Iterator[str]:
    """Every top-level package that a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]
