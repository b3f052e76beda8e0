"""`image: build` on azure and gcp: a real builder, and the registries that the stack has made.

No server answers, so a deploy ends with that news.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from mlops_infra.engines.builder import found_builder
from mlops_infra.rehearsal.pulumi import EmulatedClouds
from mlops_infra.rehearsal.pulumi.names import GOOGLE_TOKEN
from mlops_infra.rehearsal.pulumi.registry import FOLDER
from tests.conftest import Project
from tests.rehearsal.pulumi.small.images import copy_stacks

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

STATE = {"url": "file://state", "secrets_provider": "passphrase"}
IMAGES = {"azure": ["mlflow-server"], "gcp": ["front", "server"]}


@dataclass(frozen=True)
class Own:
    """A project with stacks of its own, worked on by the real command."""

    cloud: str
    project: Project
    clouds: EmulatedClouds

    def write(self, changes: dict[str, Any] | None = None) -> None:
        gcp = {"project": "tests-project", "region": "europe-west4", "state": {**STATE}}
        common = {"cloud": self.cloud, "image": "build", "gcp": gcp, "azure": {"state": STATE}}
        self.project.write("dev", {**common, **(changes or {})})

    def run(self, *words: str, code: int = 1, **more: str) -> str:
        environ = {
            **self.clouds.environ,
            "MLOPS_INFRA_CLOUD": self.cloud,
            "PULUMI_CONFIG_PASSPHRASE": "correct",
            "PULUMI_HOME": str(self.project.folder / "pulumi-home"),
            "BUILDAH_ISOLATION": "chroot",
            **more,
        }
        done = self.project.run(words[0], "-e", "dev", *words[1:], code=code, **environ)
        return done.stdout + done.stderr

    def deploy(self, **more: str) -> str:
        said = self.run("deploy", "--yes", code=1, **more)
        assert "the server cannot be reached" in said, said
        return said

    @property
    def pushed(self) -> dict[str, Path]:
        """The one tag of each image."""
        found = (self.clouds.folder / FOLDER).rglob("*")
        tags = [each for each in found if each.is_file() and not each.name.startswith("sha256:")]
        assert len({each.parent.name for each in tags}) == len(tags)
        return {each.parent.name: each for each in tags}

    @property
    def images_of_server(self) -> list[str]:
        """What the declared containers are made of."""
        kinds = ("azure-native:app:ContainerApp", "gcp:cloudrunv2/service:Service")
        (server,) = (each for kind in kinds for each in self.clouds.cloud.of(kind).values())
        return [each["image"] for each in server.inputs["template"]["containers"]]


@contextmanager
def project_of(cloud: str, folder: Path) -> Generator[Own]:
    copy_stacks(folder)
    with EmulatedClouds(folder / "cloud", f"mlops_infra.rehearsal.{cloud}", runs=False) as clouds:
        found = Own(cloud, Project(folder), clouds)
        found.write()
        yield found


@pytest.fixture(params=["azure", "gcp"])
def own(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Own]:
    with project_of(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def google(tmp_path: Path) -> Iterator[Own]:
    with project_of("gcp", tmp_path) as found:
        yield found


def test_a_deploy_builds_what_is_not_there_and_pushes_it_where_the_server_is_made_of(
    own: Own,
) -> None:
    own.run("plan", code=2)
    assert own.pushed == {}
    said = own.deploy()
    assert GOOGLE_TOKEN not in said
    pushed = own.pushed
    assert sorted(pushed) == IMAGES[own.cloud]
    assert all(json.loads(each.read_text())["layers"] for each in pushed.values())
    references = {
        f"{each.parent.relative_to(own.clouds.folder / FOLDER)}:{each.name}"
        for each in pushed.values()
    }
    assert set(own.images_of_server) == references

    times = {name: each.stat().st_mtime_ns for name, each in pushed.items()}
    own.write({"server": {"replicas": {"min": 1, "max": 1}}})
    said = own.deploy(CDK_DOCKER="/nowhere/docker")  # all is there: nothing to build
    assert "build the image" not in said
    assert {name: each.stat().st_mtime_ns for name, each in own.pushed.items()} == times


def test_without_a_builder_nothing_is_made(google: Own) -> None:
    said = google.run("deploy", "--yes", code=4, CDK_DOCKER="/nowhere/docker")
    assert "nothing builds the server's image: /nowhere/docker not installed" in said
    assert google.clouds.cloud.kinds() == {}


def test_an_image_that_cannot_be_built_is_told_before_anything_is_made(google: Own) -> None:
    dockerfile = google.project.folder / "stacks" / "image" / "Dockerfile"
    dockerfile.write_text("FROM scratch\nCOPY nothing /\n")
    said = google.run("deploy", "--yes", code=1)
    assert "failed with exit code" in said
    assert google.clouds.cloud.kinds() == {}


def builder_that_pushes(folder: Path, when: str, *, then: str = "true") -> str:
    """Write a builder that refuses a push unless a line of shell says so; return where it is.

    `then` is done after whatever it did.
    """
    builder = folder / "builder"
    builder.write_text(
        f'#!/bin/sh\n[ "$1" != push ] || {when} || exit 1\n{found_builder()} "$@" || exit\n{then}\n'
    )
    builder.chmod(0o755)
    return str(builder)


def test_an_image_that_cannot_be_pushed_is_told_and_the_next_deploy_goes_on(
    google: Own, tmp_path: Path
) -> None:
    builder = builder_that_pushes(tmp_path, "false")
    said = google.run("deploy", "--yes", code=1, CDK_DOCKER=builder)
    assert "cannot be pushed: " in said
    # A registry that was made a moment ago may take one only at the second try.
    builder = builder_that_pushes(tmp_path, f"! mkdir {tmp_path}/tried 2>/dev/null")
    google.deploy(CDK_DOCKER=builder)
    assert sorted(google.pushed) == IMAGES["gcp"]


def test_an_image_that_another_deploy_has_pushed_meanwhile_is_left_as_it_is(
    google: Own, tmp_path: Path
) -> None:
    google.deploy()
    tag, aside = google.pushed["server"], tmp_path / "aside"
    tag.rename(aside)
    google.write({"server": {"replicas": {"min": 1, "max": 1}}})
    builder = builder_that_pushes(tmp_path, "false", then=f"[ $1 != build ] || mv {aside} {tag}")
    said = google.deploy(CDK_DOCKER=builder)
    assert "build the image" in said
    assert tag.exists()


def test_a_login_that_google_refuses_is_told_before_anything_is_made(google: Own) -> None:
    said = google.run("deploy", "--yes", code=4, GOOGLE_OAUTH_ACCESS_TOKEN="wrong")
    assert "the login to gcp is refused" in said
    assert google.clouds.cloud.kinds() == {}


def test_a_login_that_azure_refuses_is_told_before_anything_is_made(tmp_path: Path) -> None:
    with project_of("azure", tmp_path) as azure:
        said = azure.run("deploy", "--yes", code=4, AZURE_CLIENT_SECRET="wrong")
        assert "no login to azure" in said
        assert "Invalid client secret" in said
        assert azure.clouds.cloud.kinds() == {}
