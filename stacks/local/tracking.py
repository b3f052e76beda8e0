"""The tracking server: the server spec of every cloud, as a process of this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_infra.server import Placement, server_spec

if TYPE_CHECKING:
    from mlops_infra.config.models import Environment
    from stacks.local.artifacts import Artifacts
    from stacks.local.database import Database

IMAGE = Path(__file__).parents[1] / "image"


class Tracking:
    """The server's command line and variables; the engine adds the secrets that `spec` names."""

    def __init__(
        self,
        environment: Environment,
        *,
        database: Database,
        artifacts: Artifacts,
        home: Path,
        port: int,
        bin_dir: Path,
    ) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.log = home / "server.log"
        self.spec = server_spec(
            environment,
            Placement(
                database=database.address,
                artifacts_uri=artifacts.uri,
                public_url=self.url,
                bind_host="127.0.0.1",
                port=port,
                auth_config=str(IMAGE / "basic_auth.ini"),
            ),
        )
        self.argv = (sys.executable, str(IMAGE / "serve.py"), *self.spec.argv)
        self.variables = {
            **self.spec.variables,
            "MLOPS_INFRA_BACKUP_DIR": str(database.backup_dir),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), str(bin_dir), os.defpath]),
            "HOME": str(home),  # MLflow and its libraries cache below it
            "TMPDIR": str(home / "tmp"),
            "LANG": "C.UTF-8",
            "PYTHONWARNINGS": "ignore::DeprecationWarning",
        }
