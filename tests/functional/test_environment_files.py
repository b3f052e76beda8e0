"""Environment files on disk: those that ship, those that are missing, and what is no file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mlops_infra.config.loader import check_file, environment_files, load_environment
from mlops_infra.config.models import Cloud
from mlops_infra.config.schema import environment_schema
from mlops_infra.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[2]
SHIPPED = ("dev", "staging", "prod")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the shipped dev and prod, and one environment more."""
    folder = tmp_path / "environments"
    folder.mkdir()
    for name in ("prod", "dev"):
        text = (PROJECT / "environments" / f"{name}.yaml").read_text("utf-8")
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    (folder / "alpha.yaml").write_text(text.replace("name: dev", "name: alpha"), "utf-8")
    return tmp_path


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_file_is_valid_with_every_cloud_and_in_ci(name: str, tmp_path: Path) -> None:
    assert load_environment(PROJECT, name, in_ci=True).clouds == tuple(Cloud)
    text = (PROJECT / "environments" / f"{name}.yaml").read_text("utf-8")
    for cloud in Cloud:
        (tmp_path / f"{name}.yaml").write_text(
            text.replace("cloud: aws", f"cloud: {cloud}"), "utf-8"
        )
        environment, problems = check_file(tmp_path / f"{name}.yaml")
        assert environment, problems
        assert environment.cloud is cloud


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_file_stays_valid_with_one_cloud_alone(name: str, tmp_path: Path) -> None:
    text = (PROJECT / "environments" / f"{name}.yaml").read_text("utf-8")
    head, sections = text.split("\nlocal:")
    by_cloud = dict(zip(Cloud, f"local:{sections}".split("\n\n"), strict=True))
    for cloud, section in by_cloud.items():
        assert section.startswith(f"{cloud}:")
        alone = head.replace("cloud: aws", f"cloud: {cloud}") + "\n" + section + "\n"
        (tmp_path / f"{name}.yaml").write_text(alone, "utf-8")
        environment, problems = check_file(tmp_path / f"{name}.yaml")
        assert environment, problems
        assert environment.clouds == (cloud,)


def test_only_prod_is_protected() -> None:
    protected = [name for name in SHIPPED if load_environment(PROJECT, name).protected]
    assert protected == ["prod"]


def test_editors_have_the_schema_that_the_code_has() -> None:
    file = PROJECT / "environments" / "environment.schema.json"
    written = json.loads(file.read_text("utf-8"))
    assert written == environment_schema(), f"run: mlops-infra validate --schema > {file}"
    for name in SHIPPED:
        first, _, _ = (PROJECT / "environments" / f"{name}.yaml").read_text("utf-8").partition("\n")
        assert first == f"# yaml-language-server: $schema={file.name}"


def test_the_reference_has_every_key() -> None:
    reference = (PROJECT / "docs" / "environment-file.md").read_text("utf-8")
    for keys in _keys(environment_schema()):
        assert f"`{'.'.join(keys)}`" in reference


def _keys(part: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    part = environment_schema()["$defs"].get(part.get("$ref", "").rpartition("/")[2], part)
    if "properties" not in part:
        yield ()
    for key, inner in part.get("properties", {}).items():
        yield from ((key, *keys) for keys in _keys(inner))


def test_files_are_in_the_order_a_change_takes(project: Path) -> None:
    (project / "environments" / "notes.txt").touch()
    (project / "environments" / ".#dev.yaml").touch()
    names = [file.name for file in environment_files(project)]
    assert names == ["dev.yaml", "prod.yaml", "alpha.yaml"]


def test_a_project_may_have_no_environments(tmp_path: Path) -> None:
    assert environment_files(tmp_path) == []
    with pytest.raises(UsageError, match="there are no environments in") as caught:
        load_environment(tmp_path, "dev")
    assert caught.value.hint == "mlops-infra init"


def test_an_unknown_name_lists_those_there_are(project: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load_environment(project, "prd")
    assert caught.value.exit_code == 3
    assert caught.value.message == (
        "unknown environment 'prd', did you mean 'prod'?; there are: dev, prod, alpha"
    )


@pytest.mark.parametrize("name", ["../environments/dev", "dev.yaml", "", "/etc/passwd", "a\x00b"])
def test_a_name_is_never_a_path(project: Path, name: str) -> None:
    with pytest.raises(UsageError, match="unknown environment"):
        load_environment(project, name)


def test_a_yml_file_is_not_overlooked(project: Path) -> None:
    folder = project / "environments"
    (folder / "dev.yaml").rename(folder / "dev.yml")
    rename = f"mv {folder / 'dev.yml'} {folder / 'dev.yaml'}"
    with pytest.raises(ConfigError, match=r"does not end in \.yaml") as listed:
        environment_files(project)
    with pytest.raises(UsageError, match=r"does not end in \.yaml") as loaded:
        load_environment(project, "dev")
    assert listed.value.hint == loaded.value.hint == rename
    _, problems = check_file(folder / "dev.yml")
    assert len(problems) == 1
    assert load_environment(project, "prod").name == "prod"


def test_every_problem_is_in_the_error(project: Path) -> None:
    file = project / "environments" / "dev.yaml"
    text = (
        file.read_text("utf-8").replace("cpu: 1 ", "cpu: 3 ").replace("size: micro", "size: tiny")
    )
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_environment(project, "dev")
    assert [str(problem) for problem in caught.value.problems] == [
        f"{file}:12: server.cpu: 3 is not allowed; allowed: 1, 2 or 4",
        f"{file}:20: database.size: 'tiny' is not allowed; allowed: micro, small, medium or large",
    ]
    assert caught.value.hint == f"mlops-infra validate {file}"


def test_a_directory_is_no_environment(project: Path) -> None:
    (project / "environments" / "folder.yaml").mkdir()
    with pytest.raises(ConfigError, match="a directory where an environment file should be"):
        load_environment(project, "folder")


def test_a_broken_link_is_no_environment(project: Path) -> None:
    (project / "environments" / "link.yaml").symlink_to(project / "nowhere")
    with pytest.raises(ConfigError, match="no file where an environment file should be"):
        load_environment(project, "link")


def test_a_pipe_is_not_waited_for(project: Path) -> None:
    os.mkfifo(project / "environments" / "pipe.yaml")
    with pytest.raises(ConfigError, match="no file where an environment file should be"):
        load_environment(project, "pipe")


def test_a_file_that_cannot_be_read_says_why(project: Path) -> None:
    (project / "environments" / "memory.yaml").symlink_to("/proc/self/mem")  # not even root can
    with pytest.raises(ConfigError, match="cannot be read: Input/output error"):
        load_environment(project, "memory")


def test_a_folder_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: File name too long"):
        load_environment(tmp_path / ("x" * 300), "dev")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "dev.yaml:1: the file is empty"),
        (b"\xef\xbb\xbf", "dev.yaml:1: the file is empty"),
        (b"name: dev\nowner: \xff\n", "dev.yaml:2: byte 0xff is not UTF-8"),
        ("name: dev".encode("utf-16"), "dev.yaml:1: byte 0xff is not UTF-8"),
        (b"#" * 65_536, "dev.yaml:1: the file is empty"),
        (b"#" * 65_537, "dev.yaml:1: the file is too large; allowed: up to 65536 bytes"),
    ],
)
def test_what_is_no_text_is_a_problem(project: Path, content: bytes, message: str) -> None:
    file = project / "environments" / "dev.yaml"
    file.write_bytes(content)
    environment, problems = check_file(file)
    assert environment is None
    assert [str(problem) for problem in problems] == [str(file.parent / message)]


def test_a_byte_order_mark_does_no_harm(project: Path) -> None:
    file = project / "environments" / "dev.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert load_environment(project, "dev").name == "dev"


def test_the_models_cost_nothing_but_pydantic() -> None:
    code = (
        "import sys, pydantic, pydantic_core\n"
        "before = set(sys.modules)\n"
        "import mlops_infra.config.models\n"
        "names = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(*(name for name in names - sys.stdlib_module_names if name[0] != '_'))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    pydantics = {"pydantic", "pydantic_core", "annotated_types", "typing_extensions"}
    assert set(run.stdout.split()) <= {"mlops_infra", "typing_inspection"} | pydantics
