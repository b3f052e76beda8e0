"""Whether the server's image can be had, before anything is made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mlops_infra.engines.builder import BUILDERS, found_builder
from mlops_infra.engines.cdk.builder import check_builder
from mlops_infra.errors import PrerequisiteError

if TYPE_CHECKING:
    from pathlib import Path

    import boto3

IMAGE = ("cdk-assets", "0123abcd")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder with programs in it, empty so far."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CDK_DOCKER", raising=False)
    return tmp_path


def install(folder: Path, name: str) -> None:
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(0o755)


def test_the_first_that_is_installed_builds(programs: Path) -> None:
    assert found_builder() == ""
    for name in reversed(BUILDERS):
        install(programs, name)
        assert found_builder() == name


def test_a_docker_without_its_daemon_is_passed_over(programs: Path) -> None:
    install(programs, "podman")
    install(programs, "docker")
    (programs / "docker").write_text(
        "#!/bin/sh\necho 'Cannot connect to the Docker daemon'\nexit 1\n"
    )
    assert found_builder() == "podman"


def test_what_cdk_docker_names_builds_or_nothing(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(programs, "docker")
    monkeypatch.setenv("CDK_DOCKER", "nerdctl")
    assert found_builder() == ""
    install(programs, "nerdctl")
    assert found_builder() == "nerdctl"


def test_a_missing_builder_is_told_with_what_to_install(programs: Path, aws: boto3.Session) -> None:
    with pytest.raises(PrerequisiteError, match="docker, podman, buildah not installed") as caught:
        check_builder([IMAGE], aws)
    assert "CDK_DOCKER" in caught.value.hint
    install(programs, "podman")
    check_builder([IMAGE], aws)


def test_a_prebuilt_or_published_image_needs_no_builder(programs: Path, aws: boto3.Session) -> None:
    del programs
    check_builder([], aws)
    registry: Any = aws.client("ecr")
    registry.create_repository(repositoryName=IMAGE[0])
    with pytest.raises(PrerequisiteError):
        check_builder([IMAGE], aws)
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"}
    registry.put_image(
        repositoryName=IMAGE[0], imageTag=IMAGE[1], imageManifest=json.dumps(manifest)
    )
    check_builder([IMAGE], aws)
