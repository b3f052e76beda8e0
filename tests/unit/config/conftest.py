"""One valid environment file for every cloud, and a way to check it with something changed."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest

from mlops_infra.config.loader import check_text

TEXT = """\
name: prod
project: mlops
cloud: aws
owner: ml-platform
protected: true
server:
  cpu: 2
  memory_gib: 4
  replicas: {min: 2, max: 4}
  auth: basic
database:
  size: medium
  storage_gib: 128
  high_availability: true
  backup_days: 14
artifacts: {access: proxied, versioning: true, expire_noncurrent_days: 90}
access:
  exposure: public
  allowed_cidrs:
    - 0.0.0.0/0
    - 203.0.113.0/24
  domain: mlflow.example.com
image: build
tags:
  cost-center: ml
local: {port: 5000}
aws: {hosted_zone: {id: Z0123456789, name: example.com},
  account: "012345678901",
  region: eu-west-1}
azure:
  subscription_id: 00000000-0000-0000-0000-000000000000
  location: westeurope
  state: {url: "azblob://state", secrets_provider: "azurekeyvault://vault/keys/pulumi"}
gcp:
  project: ml-prod
  region: europe-west4
  state: {url: "gs://state", secrets_provider: "gcpkms://projects/ml-prod"}
"""

NO_AWS = (TEXT[TEXT.index("aws: {") : TEXT.index("azure:")], "")
NO_AZURE = (TEXT[TEXT.index("azure:") : TEXT.index("gcp:")], "")
NO_GCP = (TEXT[TEXT.index("gcp:") :], "")
GCP_ONLY = (NO_AWS, NO_AZURE, ("cloud: aws", "cloud: gcp"))
LOCAL_ONLY = (NO_AWS, NO_AZURE, NO_GCP, ("cloud: aws", "cloud: local"))


class Check(Protocol):
    """Checks `text` with each of `changes` made; returns the problems as `line: path: message`."""

    def __call__(
        self, *changes: tuple[str, str], text: str = TEXT, in_ci: bool = False
    ) -> list[str]: ...


@pytest.fixture
def text() -> str:
    return TEXT


@pytest.fixture
def check() -> Check:
    def changed(*changes: tuple[str, str], text: str = TEXT, in_ci: bool = False) -> list[str]:
        for old, new in changes:
            assert old in text, f"{old!r} is not there to be changed"
            text = text.replace(old, new, 1)
        environment, problems = check_text(text, file=Path("prod.yaml"), in_ci=in_ci)
        assert (environment is None) == bool(problems)
        return [str(problem).removeprefix("prod.yaml:") for problem in problems]

    return changed
