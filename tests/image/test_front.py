"""The front of Cloud Run as production runs it: HTTP/2 in, 300 MiB through, nothing kept."""

from __future__ import annotations

import shutil
import socket
import subprocess
from hashlib import sha256
from typing import TYPE_CHECKING

import psutil
import pytest

from mlops_infra.errors import PrerequisiteError
from mlops_infra.rehearsal.ports import free_port
from tests.conftest import REPOSITORY
from tests.image import engines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Live
    from tests.image.engines.image import Container

pytestmark = pytest.mark.slow

FRONT = REPOSITORY / "stacks" / "gcp" / "front"
MIB = 2**20
LARGE_MIB = 300
HTTP1_LIMIT_MIB = 32
"""Where Cloud Run ends a request that comes by HTTP/1."""


class Front:
    """The real image before a real server; only the ports are this test's."""

    def __init__(self, container: Container, port: int, live: Live) -> None:
        self.container, self.live = container, live
        self.url = f"http://127.0.0.1:{port}"

    def curl(self, *words: str, path: str = "/health") -> tuple[str, str]:
        """Ask as Cloud Run does, as administrator; return HTTP's version and the status."""
        login = ":".join(self.live.login)
        told = "%{stderr}%{http_version} %{http_code}"
        done = subprocess.run(
            [
                *("curl", "--silent", "--http2-prior-knowledge", "--write-out", told),
                *(*words, "--config", "-", f"{self.url}{path}"),
            ],
            input=f'user = "{login}"\n',
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
        version, status = done.stderr.split()
        return version, status

    @property
    def memory_mib(self) -> float:
        """What all processes of the container have in memory."""
        first = psutil.Process(self.container.process.pid)
        return sum(each.memory_info().rss for each in first.children(recursive=True)) / MIB


@pytest.fixture(scope="module")
def front(live: Live, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """Build the shipped folder, with the ports of this machine in the place of the container's."""
    context = tmp_path_factory.mktemp("front") / "context"
    shutil.copytree(FRONT, context)
    port, behind = free_port(), live.uri.rsplit(":", 1)[1].strip("/")
    config = context / "nginx.conf"
    text = config.read_text()
    assert text.count("127.0.0.1:5000;") == text.count("listen 8080;") == 1
    text = text.replace("127.0.0.1:5000;", f"127.0.0.1:{behind};")
    config.write_text(text.replace("listen 8080;", f"listen {port};"))
    log = context.parent / "log"
    try:
        with engines.build(context) as image:
            container = image.start(variables={}, log=log)
            try:
                _wait_for(port, container, log)
                yield Front(container, port, live)
            finally:
                container.remove()
    except PrerequisiteError as error:
        pytest.fail(f"{error.message}: {error.hint}")


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 MiB of what does not compress."""
    path = tmp_path_factory.mktemp("artifact") / "large"
    with path.open("wb") as file, open("/dev/urandom", "rb") as random:  # noqa: PTH123 - a device
        for _ in range(LARGE_MIB):
            file.write(random.read(MIB))
    return path


def test_the_front_speaks_http2_without_tls_and_http1_on_one_port(front: Front) -> None:
    assert front.curl() == ("2", "200")
    assert front.curl("--http1.1") == ("1.1", "200")


def test_a_large_artifact_goes_up_and_comes_back_and_the_front_keeps_none_of_it(
    front: Front,
    artifact: Path,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    path = "/api/2.0/mlflow-artifacts/artifacts/test-front/large"
    assert front.curl("--upload-file", str(artifact), path=path) == ("2", "200")
    back = tmp_path / "back"
    assert front.curl("--output", str(back), path=path) == ("2", "200")
    assert back.stat().st_size == LARGE_MIB * MIB
    assert back.stat().st_size > HTTP1_LIMIT_MIB * MIB
    assert _digest(back) == _digest(artifact)
    assert front.curl("--request", "DELETE", path=path) == ("2", "200")
    record_property(
        f"front's memory after {LARGE_MIB} MiB up and down", f"{front.memory_mib:.0f} MiB"
    )
    assert front.memory_mib < HTTP1_LIMIT_MIB


def test_the_server_sees_the_host_that_was_asked_for(front: Front) -> None:
    experiments = "/api/2.0/mlflow/experiments/search?max_results=1"
    assert front.curl(path=experiments) == ("2", "200")
    assert front.curl("--header", "Host: evil.example", path=experiments) == ("2", "403")


def test_the_front_ends_when_it_is_asked_to(front: Front) -> None:
    assert front.container.stop(grace_seconds=10) == 0


def _wait_for(port: int, container: Container, log: Path) -> None:
    for _ in range(100):
        assert container.process.poll() is None, log.read_text()
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        with pytest.raises(subprocess.TimeoutExpired):
            container.process.wait(0.1)
    pytest.fail(f"nothing listens: {log.read_text()}")


def _digest(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(MIB):
            digest.update(block)
    return digest.hexdigest()
