"""From PyYAML's nodes to plain values, and the line of each.

PyYAML decides what a scalar is, after YAML 1.1; most editors decide after YAML 1.2. What differs
between them (`yes`, `012`, dates) is refused, not guessed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml
from yaml.constructor import SafeConstructor

from mlops_infra.config.document import REFUSED
from mlops_infra.config.wording import bare

if TYPE_CHECKING:
    from mlops_infra.config.document import Document
    from mlops_infra.config.wording import Keys

QUOTED = "text in quotes"
INT = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
DIGITS = re.compile(r"0[0-9_]+")  # PyYAML takes 012 for a number and 018 for text


class Values:
    """Reads the values of one document; those it refuses are reported and marked there."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._constructor = SafeConstructor()
        self._seen: set[int] = set()  # ids of nodes: an alias is a node for the second time

    def mapping(self, node: yaml.MappingNode, keys: Keys = ()) -> dict[str, Any]:
        """The values under a node's keys; a key that can't be used is reported and left out."""
        self._document.lines.setdefault(keys, _line(node))
        values: dict[str, Any] = {}
        for key, value in node.value:
            here = (*keys, key.value)
            if self._is_alias(key):
                continue
            if key.tag != "tag:yaml.org,2002:str":
                self._report_key(key, keys)
            elif key.value in values:
                message = f"written twice, on lines {self._document.lines[here]} and {_line(key)}"
                self._document.report(here, message, allowed="one of them", line=_line(key))
            else:
                self._document.lines[here] = _line(key)
                values[key.value] = self._value(value, here)
        return values

    def _value(self, node: yaml.Node, keys: Keys) -> object:
        if self._is_alias(node):
            self._document.refused.add(keys)
            return REFUSED
        match node, node.tag.removeprefix("tag:yaml.org,2002:"):
            case yaml.MappingNode(), "map":
                return self.mapping(node, keys)
            case yaml.SequenceNode(), "seq":
                return self._sequence(node, keys)
            case yaml.ScalarNode(), kind:
                return self._scalar(node, kind, keys)
            case _, kind:
                return self._document.refuse(
                    keys, f"is of the YAML type {bare(kind)}", allowed="none"
                )

    def _sequence(self, node: yaml.SequenceNode, keys: Keys) -> list[object]:
        values = []
        for index, item in enumerate(node.value):
            here = (*keys, index)
            self._document.lines[here] = _line(item)
            values.append(self._value(item, here))
        return values

    def _scalar(self, node: yaml.ScalarNode, kind: str, keys: Keys) -> object:
        def refuse(message: str, allowed: str = QUOTED) -> object:
            return self._document.refuse(keys, message, allowed=allowed)

        written = bare(node.value)
        match kind:
            case "null":
                return refuse("has no value", "a value, or leave the key out")
            case "bool" if node.value not in {"true", "false"}:
                return refuse(
                    f"{written} is text to some readers of YAML", f"true, false or {QUOTED}"
                )
            case "int" if not INT.fullmatch(node.value):
                return refuse(f"{written} is not plainly a number", f"up to 18 digits, or {QUOTED}")
            case "str" if not node.style and DIGITS.fullmatch(node.value):
                return refuse(f"{written} is a number to some readers of YAML")
            case "timestamp":
                return refuse(f"{written} is a date to some readers of YAML")
            case "str" | "bool" | "int" | "float":
                try:
                    return self._constructor.construct_object(node)
                except ValueError:  # an explicit tag: !!float x
                    return refuse(f"{written} is no {kind}")
        return refuse(f"{written} is of the YAML type {bare(kind)}")

    def _is_alias(self, node: yaml.Node) -> bool:
        seen = id(node) in self._seen
        self._seen.add(id(node))
        return seen

    def _report_key(self, key: yaml.Node, keys: Keys) -> None:
        kind = key.tag.removeprefix("tag:yaml.org,2002:")
        if kind == "merge":
            message, allowed = "merge key <<", "the keys themselves, written out"
        elif isinstance(key, yaml.ScalarNode):
            message, allowed = f"key {bare(key.value)} is not text", QUOTED
        else:
            message, allowed = "a key that is itself a list or mapping", "text"
        self._document.report(keys, message, allowed=allowed, line=_line(key))


def _line(node: yaml.Node) -> int:
    return node.start_mark.line + 1
