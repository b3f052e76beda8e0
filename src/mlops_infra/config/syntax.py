"""From an environment file's text to PyYAML's nodes, refusing what ties it to something else.

A file must be readable alone and from top to bottom: one document, without anchors and aliases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from yaml.reader import Reader

from mlops_infra.config.wording import bare, shown

if TYPE_CHECKING:
    from mlops_infra.config.document import Document

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is ten times as fast
DEEPEST = 10
"""Levels of nesting: a file needs four. Composing recurses, and 64 KiB of `[` could crash it."""


def root_of(text: str, document: Document) -> yaml.MappingNode | None:
    """The node of the file's one mapping; None where there is none, which is then reported."""
    unprintable = Reader.NON_PRINTABLE.search(text)
    if unprintable:
        line = text.count("\n", 0, unprintable.start()) + 1
        document.report((), f"control character {unprintable.group()!a}", line=line)
        return None
    try:
        root = _first_node(text) if _is_shallow(text, document) else None
    except yaml.YAMLError as error:
        if not document.problems:  # an alias to nothing is reported as an alias
            _report(error, text, document)
        return None
    if isinstance(root, yaml.MappingNode):
        return root
    if root is not None and root.value:
        line = root.start_mark.line + 1
        allowed = "keys and values, such as name: dev"
        document.report((), "the file is not a mapping", allowed=allowed, line=line)
    elif not document.problems:
        document.report((), "the file is empty")
    return None


def _is_shallow(text: str, document: Document) -> bool:
    """Whether composing is safe. Reports anchors, aliases and further documents on the way."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=LOADER):
        line = event.start_mark.line + 1
        match event:
            case yaml.DocumentStartEvent():
                documents += 1
                if documents > 1:
                    document.report((), "a second document starts here", allowed="one", line=line)
                    return True
            case yaml.AliasEvent():
                document.report(
                    (), f"alias *{bare(event.anchor)}", allowed="its value, written out", line=line
                )
            case yaml.NodeEvent() if event.anchor:
                document.report(
                    (), f"anchor &{bare(event.anchor)}", allowed="values without one", line=line
                )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                document.report((), f"nested deeper than {DEEPEST} levels", line=line)
                return False
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return True


def _first_node(text: str) -> yaml.Node | None:
    loader = LOADER(text)
    try:
        return loader.get_node() if loader.check_node() else None
    finally:
        loader.dispose()


def _report(error: yaml.YAMLError, text: str, document: Document) -> None:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    reason = bare(getattr(error, "problem", None) or getattr(error, "reason", None) or str(error))
    lines = text.splitlines()
    if mark is None or mark.line >= len(lines):
        document.report((), f"not YAML: {reason}", line=mark.line + 1 if mark else 1)
    else:
        here = shown(lines[mark.line].rstrip())
        document.report((), f"not YAML: {reason}, at {here}", line=mark.line + 1)
