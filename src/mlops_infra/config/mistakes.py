"""What pydantic finds wrong with an environment file, in words for whoever wrote it."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from mlops_infra.config.schema import schema_at
from mlops_infra.config.wording import allowed, shown

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from mlops_infra.config.document import Document
    from mlops_infra.config.wording import Keys

PHRASES = {
    "missing": "missing",
    "string_type": "{value} is not text",
    "int_type": "{value} is not a whole number",
    "bool_type": "{value} is not true or false",
    "model_type": "{value} is not a mapping",
    "dict_type": "{value} is not a mapping",
    "tuple_type": "{value} is not a list",
    "too_short": "the list is empty",
    "too_long": "too many keys",
    "greater_than_equal": "{value} is too small",
    "less_than_equal": "{value} is too large",
    "string_too_short": "{value} is too short",
    "string_too_long": "{value} is too long",
}
"""By pydantic's type of error; any other is a value that is not among, or not like, the allowed."""


def report(error: ValidationError, document: Document) -> None:
    """Adds every mistake pydantic found, except in values that are reported already."""
    details = error.errors(include_url=False)
    misspelt: set[Keys] = set()
    for detail in details:
        if detail["type"] == "extra_forbidden":
            misspelt |= _report_unknown(detail, document)
    reported = document.refused | misspelt
    for detail in details:
        keys, is_key = _place(detail, document)
        if detail["type"] == "extra_forbidden" or keys in reported:
            continue
        if detail["type"] == "too_short" and detail["input"]:
            continue  # pydantic counts the valid items only; the others are reported one by one
        phrase = PHRASES.get(detail["type"], "{value} is not allowed")
        message = phrase.format(value=shown(detail["input"]))
        document.report(keys, message, allowed=_allowed(detail, keys, of_key=is_key))


def _report_unknown(detail: ErrorDetails, document: Document) -> set[Keys]:
    """Reports an unknown key; returns the absent key that it was probably meant to be."""
    *parents, key = detail["loc"]
    known = schema_at(tuple(parents))["properties"]
    absent = [other for other in known if (*parents, other) not in document.lines]
    near = get_close_matches(str(key), absent, n=1)
    guess = f", did you mean '{near[0]}'?" if near else ""
    document.report((*parents, key), f"unknown key {shown(key)}{guess}", allowed=", ".join(known))
    return {(*parents, name) for name in near}


def _place(detail: ErrorDetails, document: Document) -> tuple[Keys, bool]:
    """Where a mistake is, and whether the key itself is it, to which pydantic adds `[key]`."""
    keys = detail["loc"]
    is_key = keys[-1] == "[key]" and keys not in document.lines
    return (keys[:-1], True) if is_key else (keys, False)


def _allowed(detail: ErrorDetails, keys: Keys, *, of_key: bool) -> str:
    if of_key:
        return allowed(schema_at(keys[:-1])["propertyNames"])
    words = allowed(schema_at(keys))
    is_number = isinstance(detail["input"], int | float)
    return f"{words}, in quotes" if detail["type"] == "string_type" and is_number else words
