"""The JSON schema of an environment file: completion in an editor, and what errors say is allowed.

`environments/environment.schema.json` is this, written down; `mlops-infra validate --schema`
prints it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema

from mlops_infra.config.models import Environment

if TYPE_CHECKING:
    from pydantic_core import core_schema

    from mlops_infra.config.wording import Keys


class _Generator(GenerateJsonSchema):
    """Pydantic's, except that an optional key is left out of a file, never written as null."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])


@cache
def environment_schema() -> dict[str, Any]:
    """The schema of a whole file. It cannot say what `rules.py` says. Treat it as read-only."""
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        **Environment.model_json_schema(schema_generator=_Generator),
    }


def schema_at(keys: Keys) -> dict[str, Any]:
    """The part of the schema for one key, which must be a key that the format has."""
    whole = environment_schema()
    part = whole
    for key in keys:
        if isinstance(key, int):
            part = part["items"]
        else:
            part = part["properties"][key] if "properties" in part else part["additionalProperties"]
        part = whole["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part
    return part
