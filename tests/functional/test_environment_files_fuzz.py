"""10,000 environment files that nobody would write: each is read, or its problems are told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_infra.config.loader import check_file
from mlops_infra.config.models import Environment

pytestmark = pytest.mark.slow

SHIPPED = [
    file.read_text("utf-8").splitlines()
    for file in sorted((Path(__file__).parents[2] / "environments").glob("*.yaml"))
]
KEY = re.compile(r"^(?P<before>\s*)(?P<key>[a-z_-]+):(?P<value> *[^#\s][^#]*)?")
JARGON = re.compile(r"Traceback|Input should|validation error|pydantic|object at 0x", re.IGNORECASE)


def _fuzz(examples: int) -> Any:  # noqa: ANN401  # hypothesis names no type for it
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow],
    )


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("environments") / "prod.yaml"


def _check(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    environment, problems = check_file(file, in_ci=True)
    if environment is not None:
        assert isinstance(environment, Environment)
        assert problems == []
        return
    assert problems
    for problem in problems:
        assert problem.file == file
        assert 1 <= problem.line <= len(content.decode("utf-8", "replace").splitlines()) + 1
        assert problem.message
        assert len(str(problem).splitlines()) == 1
        assert len(problem.message) < 400
        assert not JARGON.search(problem.message)
    assert problems == sorted(problems, key=lambda problem: problem.line)


FRAGMENTS = (
    st.sampled_from([*"&*?:[]{},'\"#|>%!- =\n\t\ufeff\u2028\x85"])
    | st.sampled_from(
        ["&a ", "*a", "<<: ", "- ", ": ", "---\n", "...\n", "!!binary ", "!x ", "\n  "]
    )
    | st.sampled_from(["name", "server", "~", "yes", "012", "0o7", "1e3", ".nan", "2026-01-31"])
)


@_fuzz(3000)
@given(
    content=st.binary(max_size=300)
    | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.lists(FRAGMENTS, max_size=40).map(lambda parts: "".join(parts).encode())
)
def test_any_bytes_are_read_or_refused(file: Path, content: bytes) -> None:
    _check(file, content)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.dates()
    | st.datetimes()
    | st.binary(max_size=8)
    | st.text(max_size=20)
    | st.sampled_from([10**30, "aws", "build", "public", "none", "0.0.0.0/0", "latest", "gs://a"])
)
KEYS = (
    st.sampled_from(sorted(Environment.model_fields))
    | st.sampled_from(
        ["cpu", "memory_gib", "replicas", "min", "max", "auth", "size", "state", "url"]
    )
    | st.sampled_from(["allowed_cidrs", "exposure", "account", "region", "location", "port"])
    | SCALARS
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=12,
)


@_fuzz(3000)
@given(
    values=st.dictionaries(st.sampled_from(sorted(Environment.model_fields)), VALUES, max_size=8)
    | VALUES,
    flow=st.booleans(),
)
def test_any_values_are_read_or_refused(file: Path, values: object, *, flow: bool) -> None:
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    _check(file, yaml.dump(values, Dumper=dumper, default_flow_style=flow).encode())


SPOILT = (
    SCALARS.map(lambda value: yaml.safe_dump(value).removesuffix("\n...\n").strip())
    | st.sampled_from(["", "[]", "{}", "[[1]]", "{min: 1}", "&a 1", "*a", "!!set {a}", "-1", "25"])
    | st.sampled_from(
        ["true", "yes", "32", "'32'", "0x1f", "large", "micro", "private", "file://x"]
    )
)


@st.composite
def _spoilt_files(draw: st.DrawFn) -> bytes:
    """A shipped file with up to four lines dropped, renamed, doubled, or given another value."""
    lines = list(draw(st.sampled_from(SHIPPED)))
    for _ in range(draw(st.integers(min_value=0, max_value=4))):
        at = draw(st.sampled_from([n for n, line in enumerate(lines) if KEY.match(line)] or [0]))
        found = KEY.match(lines[at])
        if not found:
            break
        before, key = found["before"], found["key"]
        match draw(
            st.sampled_from(["drop", "rename", "double", "value", "value", "value", "move"])
        ):
            case "drop":
                del lines[at]
            case "rename":
                other = draw(
                    st.sampled_from([f"{key}s", key[1:], key.upper(), f'"{key} "', "'a\\n'"])
                )
                lines[at] = f"{before}{other}:{lines[at][found.end('key') + 1 :]}"
            case "double":
                lines.insert(draw(st.integers(at, len(lines))), lines[at])
            case "value":
                lines[at] = f"{before}{key}: {draw(SPOILT)}"
            case "move":
                lines[at] = f"{draw(st.sampled_from(['', ' ', '    ', '- ']))}{lines[at].lstrip()}"
    return "\n".join(lines).encode()


@_fuzz(4000)
@given(content=_spoilt_files())
def test_any_spoilt_file_is_read_or_refused(file: Path, content: bytes) -> None:
    _check(file, content)
