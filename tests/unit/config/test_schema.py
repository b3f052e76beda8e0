"""The JSON schema that editors complete from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from mlops_infra.config.models import Environment
from mlops_infra.config.schema import environment_schema, schema_at

if TYPE_CHECKING:
    from collections.abc import Iterator


def _objects(schema: object) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        for part in schema.values():
            yield from _objects(part)


def test_every_section_refuses_unknown_keys() -> None:
    sections = list(_objects(environment_schema()))
    assert len(sections) == 14
    assert all(section["additionalProperties"] is False for section in sections)


def test_every_key_has_a_description() -> None:
    for section in _objects(environment_schema()):
        assert section["description"]
        for key, part in section["properties"].items():
            assert "$ref" in part or part["description"], key


def test_nothing_may_be_null() -> None:
    assert "null" not in str(environment_schema())
    assert "None" not in str(environment_schema())


def test_only_optional_keys_may_be_left_out() -> None:
    optional = Environment.model_fields.keys() - set(environment_schema()["required"])
    assert optional == {"alerts", "ci", "tags", "local", "aws", "azure", "gcp"}


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (("name",), "prod"),
        (("image",), "mlflow:3"),
        (("access", "allowed_cidrs", 0), "10.0.0.0/8"),
        (("gcp", "state", "url"), "gs://state"),
    ],
)
def test_a_pattern_matches_the_whole_text(keys: tuple[str | int, ...], text: str) -> None:
    pattern = schema_at(keys)["pattern"]
    assert re.search(pattern, text)
    assert not re.search(pattern, f"{text} ")
    assert schema_at(keys)["patternErrorMessage"]
