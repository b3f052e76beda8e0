"""A login is asked for a token once, however many environments wait for it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

AZ = """#!/bin/sh
echo asked >> {log}
echo '{{"accessToken": "one", "expires_on": 4102444800, "expiresOn": "2100-01-01 00:00:00.000000"}}'
"""
ASK = """
from concurrent.futures import ThreadPoolExecutor
from mlops_infra.engines.pulumi.clouds.azure import MANAGEMENT, token
with ThreadPoolExecutor(8) as pool:
    print(*pool.map(token, [MANAGEMENT] * 8))
"""


def test_who_asks_at_once_starts_az_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    az = tmp_path / "az"
    az.write_text(AZ.format(log=log))
    az.chmod(0o755)
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    # The one way to sign in that is tried: the others would look for a network.
    environ = {"PATH": path, "AZURE_TOKEN_CREDENTIALS": "AzureCliCredential"}
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["one"] * 8
    assert log.read_text().splitlines() == ["asked"]
