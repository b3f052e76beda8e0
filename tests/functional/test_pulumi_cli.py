"""Where the pinned Pulumi comes from, and what is said where it can be had nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_infra.engines.pulumi import cli
from mlops_infra.errors import PrerequisiteError

if TYPE_CHECKING:
    from pathlib import Path

NOWHERE = "http://127.0.0.1:9"  # the discard port: nothing answers


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user with an empty cache and an empty PATH."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    return tmp_path


def put(file: Path, version: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\necho {version}\n")
    file.chmod(0o755)
    return file


def test_the_one_on_path_is_taken_in_the_pinned_version_only(home: Path) -> None:
    assert cli.find() is None
    put(home / "bin" / "pulumi", "v3.0.0")
    assert cli.find() is None
    program = put(home / "bin" / "pulumi", f"v{cli.VERSION}")
    assert cli.find() == program


def test_one_that_cannot_run_is_none(home: Path) -> None:
    program = put(home / "bin" / "pulumi", "")
    program.write_text("#!/bin/sh\nexit 3\n")
    assert cli.find() is None


def test_the_one_in_the_cache_is_taken_first(home: Path) -> None:
    put(home / "bin" / "pulumi", f"v{cli.VERSION}")
    own = put(home / "cache" / "mlops-infra" / "pulumi" / cli.VERSION / "bin" / "pulumi", "")
    assert cli.find_or_install() == own


def test_where_it_can_be_had_nowhere_three_ways_are_named_and_nothing_is_left(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "PIP_INDEX_URL"):
        monkeypatch.setenv(name, NOWHERE)
        monkeypatch.setenv(name.lower(), NOWHERE)
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(PrerequisiteError) as raised:
        cli.find_or_install()
    for way in ("get.pulumi.com", "npm install", "GOPROXY"):
        assert way in raised.value.hint
    left = home / "cache" / "mlops-infra" / "pulumi"
    assert [each.name for each in left.iterdir()] == ["lock"]
