"""What a cloud puts around the image: a database, a bucket, secrets; and replicas that use them."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from mlops_infra.model import Credentials, Outputs
from mlops_infra.rehearsal.ports import free_port
from mlops_infra.server import (
    ADMIN_USERNAME,
    MLFLOW_VERSION,
    Placement,
    ServerSpec,
    server_spec,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlops_infra.config.models import Environment
    from tests.image.engines.image import Container, Image
    from tests.image.postgres import Postgres


@dataclass(frozen=True, kw_only=True)
class Replica:
    """One container of the server."""

    container: Container
    spec: ServerSpec
    url: str
    log_file: Path
    started: float = field(default_factory=time.monotonic)

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def wait(self) -> float:
        """Wait until it is healthy; return the seconds since it was started."""
        Retrying(
            retry=retry_if_result(lambda answers: not answers),
            stop=stop_after_delay(self.spec.start_grace_seconds),
            wait=wait_fixed(0.1),
        )(self._answers)
        return time.monotonic() - self.started

    def stop(self) -> tuple[int, float]:
        """Stop it as a platform does; return its exit code, and the seconds that it took."""
        asked = time.monotonic()
        code = self.container.stop(grace_seconds=self.spec.stop_grace_seconds)
        return code, time.monotonic() - asked

    def _answers(self) -> bool:
        assert self.container.process.poll() is None, f"the server stopped:\n{self.log[-4000:]}"
        try:
            return httpx.get(f"{self.url}{self.spec.health_path}", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False


@dataclass(frozen=True, kw_only=True)
class Platform:
    """One environment's. Every replica gets what the server spec says, and nothing else but AWS."""

    environment: Environment
    image: Image
    database: Postgres
    artifacts_uri: str
    aws: Mapping[str, str]
    """Where the cloud is, and who asks."""
    folder: Path
    replicas: list[Replica] = field(default_factory=list)
    _password: str = field(default_factory=secrets.token_urlsafe, repr=False)
    _shared: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def credentials(self) -> Credentials:
        return Credentials(username=ADMIN_USERNAME, password=self._password)

    def start(self) -> Replica:
        """Start one more, and do not wait for it."""
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        spec = self._spec(port, url)
        log_file = self.folder / f"server-{port}.log"
        replica = Replica(
            container=self.image.start(*spec.argv, variables=self.variables(spec), log=log_file),
            spec=spec,
            url=url,
            log_file=log_file,
        )
        self.replicas.append(replica)
        return replica

    def variables(self, spec: ServerSpec | None = None) -> dict[str, str]:
        """Return all that a container of the server gets."""
        spec = spec or self._spec(5000, "http://127.0.0.1:5000")
        secret = {name: self._secret(name) for name in spec.secrets}
        return {**spec.variables, **secret, **self.aws}

    def outputs(self, replica: Replica) -> Outputs:
        """Return what a deploy would yield, were there one replica only."""
        return Outputs(
            tracking_uri=replica.url,
            artifact_uri=self.artifacts_uri,
            health_url=f"{replica.url}{replica.spec.health_path}",
            mlflow_version=MLFLOW_VERSION,
        )

    def close(self) -> None:
        for replica in self.replicas:
            replica.container.remove()

    def _spec(self, port: int, url: str) -> ServerSpec:
        place = Placement(
            database=self.database.address,
            artifacts_uri=self.artifacts_uri,
            public_url=url,
            port=port,
        )
        return server_spec(self.environment, place)

    def _secret(self, name: str) -> str:
        known = {
            "PGPASSWORD": self.database.password,
            "MLFLOW_AUTH_ADMIN_PASSWORD": self._password,
        }
        return known.get(name) or self._shared.setdefault(name, secrets.token_urlsafe(30))
