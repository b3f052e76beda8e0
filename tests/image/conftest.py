"""The image, built once for the session, and platforms of the shipped prod that run it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
import pytest

from mlops_infra.config.loader import load_environment
from mlops_infra.config.sizing import DATABASE_CONNECTIONS
from mlops_infra.errors import PrerequisiteError
from mlops_infra.rehearsal.aws import EmulatedAws
from tests.conftest import REPOSITORY
from tests.image import engines
from tests.image.platform import Platform
from tests.image.postgres import postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from contextlib import AbstractContextManager

    from tests.image.engines.image import Image

CONTEXT = REPOSITORY / "stacks" / "image"
BUCKET = "mlops-prod-artifacts"

AWS = (
    "AWS_ENDPOINT_URL",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
)
"""What stands for the task role, and for the region that ECS sets."""


@pytest.fixture(scope="session")
def image() -> Iterator[Image]:
    """The server image, from the shipped Dockerfile."""
    try:
        with engines.build(CONTEXT) as built:
            yield built
    except PrerequisiteError as error:
        pytest.fail(f"{error.message}: {error.hint}")


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedAws]:
    """An AWS with one bucket."""
    with EmulatedAws(tmp_path_factory.mktemp("aws")) as found:
        s3 = boto3.client(
            "s3",
            endpoint_url=found.url,
            region_name=found.region,
            aws_access_key_id=found.account,
            aws_secret_access_key="emulated",
        )
        where = {"LocationConstraint": found.region}
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        s3.close()
        yield found


@pytest.fixture(scope="session")
def new_platform(
    image: Image, aws: EmulatedAws, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], AbstractContextManager[Platform]]:
    """Make a platform of prod with an empty database, alive inside a `with` block."""
    environment = load_environment(REPOSITORY, "prod")

    @contextmanager
    def make() -> Generator[Platform]:
        connections = DATABASE_CONNECTIONS[environment.database.size]
        with postgres(max_connections=connections) as database:
            platform = Platform(
                environment=environment,
                image=image,
                database=database,
                artifacts_uri=f"s3://{BUCKET}/artifacts",
                aws={name: aws.environ[name] for name in AWS},
                folder=tmp_path_factory.mktemp("platform"),
            )
            try:
                yield platform
            finally:
                platform.close()

    return make


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was measured of the image."""
    for report in terminalreporter.getreports("passed"):
        if report.when == "call" and report.nodeid.startswith("tests/image/"):
            for name, value in report.user_properties:
                terminalreporter.write_line(f"image: {name} {value}")
