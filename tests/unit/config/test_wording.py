"""How values and key paths are written in an error."""

from __future__ import annotations

import pytest

from mlops_infra.config.wording import bare, dotted, one_of, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (12, "12"),
        (float("nan"), "nan"),
        ("a\nb\x85", "'a\\nb\\x85'"),
        ([], "[]"),
        ({"a": [1, 2, 3, 4]}, "{'a': [1, 2, 3, ...]}"),
    ],
)
def test_a_value_is_shown_as_its_writer_knows_it(value: object, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize("value", ["x" * 5000, ["x" * 50] * 50, {"x" * 50: "y" * 50}, "\n" * 100])
def test_a_value_is_shown_on_one_short_line(value: object) -> None:
    assert len(shown(value)) <= 60
    assert "\n" not in shown(value)


def test_a_bare_text_has_no_quotes() -> None:
    assert bare("it's") == "it's"
    assert bare("a\nb") == "a\\nb"


@pytest.mark.parametrize(
    ("keys", "path"),
    [
        ((), ""),
        (("server", "replicas", "min"), "server.replicas.min"),
        (("access", "allowed_cidrs", 0), "access.allowed_cidrs[0]"),
        (("tags", "a b"), "tags.'a b'"),
        (("tags", "a.b"), "tags.'a.b'"),
        (("", "x"), "''.x"),
    ],
)
def test_a_path_is_dotted(keys: tuple[str | int, ...], path: str) -> None:
    assert dotted(keys) == path


def test_choices_read_like_a_sentence() -> None:
    assert one_of([1]) == "1"
    assert one_of(["a", "b", "c"]) == "a, b or c"
