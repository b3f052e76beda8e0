"""How values, key paths and what is allowed are written in an error: short, and on one line."""

from __future__ import annotations

import re
from reprlib import Repr
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Keys = tuple[str | int, ...]
"""The way to a value: `("access", "allowed_cidrs", 0)`."""

WIDTH = 60
_brief = Repr()
_brief.maxstring = _brief.maxother = WIDTH
_brief.maxlevel, _brief.maxlist, _brief.maxdict = 2, 3, 3


def shown(value: object) -> str:
    """A value of a file as its writer knows it: `true`, `12`, `'text'`, `['a', 'b', ...]`."""
    if isinstance(value, bool):
        return str(value).lower()
    text = _brief.repr(value)
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 3]}..."


def bare(text: str) -> str:
    """A text of a file as it stands there, without quotes around it."""
    return shown(text)[1:-1]


def dotted(keys: Keys) -> str:
    """The way to a value as one text: `access.allowed_cidrs[0]`."""
    path = ""
    for key in keys:
        if isinstance(key, int):
            path += f"[{key}]"
        else:
            path += f".{key if re.fullmatch(r'[A-Za-z0-9_-]{1,60}', key) else shown(key)}"
    return path.removeprefix(".")


def one_of(choices: Iterable[object]) -> str:
    """Choices as a sentence has them: `1, 2 or 4`."""
    *others, last = [str(choice) for choice in choices]
    return f"{', '.join(others)} or {last}" if others else last


def allowed(schema: Mapping[str, Any]) -> str:
    """What a JSON schema allows, in words."""
    if "patternErrorMessage" in schema:
        return schema["patternErrorMessage"]
    if "enum" in schema:
        return one_of(schema["enum"])
    match schema.get("type", "string"):  # names of keys have no type, they are texts
        case "boolean":
            return "true or false"
        case "integer":
            return f"a whole number from {schema['minimum']} to {schema['maximum']}"
        case "array":
            return f"a list, each {allowed(schema['items'])}"
        case "object" if "properties" in schema:
            return f"a mapping with {', '.join(schema['properties'])}"
        case "object":
            return f"a mapping of text to text, at most {schema['maxProperties']} keys"
        case _:
            return f"text of {schema.get('minLength', 0)} to {schema['maxLength']} characters"
