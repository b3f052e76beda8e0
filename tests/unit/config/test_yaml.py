"""What is wrong with a file as YAML, before any key has a meaning: never a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

WHOLE = {
    "empty": ("", "1: the file is empty"),
    "comments only": ("# nothing\n---\n", "1: the file is empty"),
    "a list": (
        "\n- a",
        "2: the file is not a mapping; allowed: keys and values, such as name: dev",
    ),
    "a text": (
        "hello",
        "1: the file is not a mapping; allowed: keys and values, such as name: dev",
    ),
    "a control character": ("name: prod\nowner: a\x07b", "2: control character '\\x07'"),
    "no YAML": ("a: [b\nc: d", "2: not YAML: did not find expected ',' or ']', at 'c: d'"),
    "a tab": (
        "server:\n\tcpu: 1",
        "2: not YAML: found character that cannot start any token, at '\\tcpu: 1'",
    ),
    "an open quote": ("name: 'prod\n", "2: not YAML: found unexpected end of stream"),
    "another YAML": (
        "%YAML 9.9\n---\n",
        "1: not YAML: found incompatible YAML document, at '%YAML 9.9'",
    ),
    "an alias to nothing": ("a: *b", "1: alias *b; allowed: its value, written out"),
    "too deep a list": ("[" * 60_000, "1: nested deeper than 10 levels"),
    "too deep a block": ("- " * 30_000, "1: nested deeper than 10 levels"),
}

ADDED = {
    "a second document": ("---\nname: dev\n", ["38: a second document starts here; allowed: one"]),
    "a key twice": (
        "name: dev\n",
        ["38: name: written twice, on lines 1 and 38; allowed: one of them"],
    ),
    "a section twice": (
        "server: {cpu: 9}\n",
        ["38: server: written twice, on lines 6 and 38; allowed: one of them"],
    ),
    "a number as a key": ("1: 2\n", ["38: key 1 is not text; allowed: text in quotes"]),
    "yes as a key": ("yes: 2\n", ["38: key yes is not text; allowed: text in quotes"]),
    "nothing as a key": ("~: 2\n", ["38: key ~ is not text; allowed: text in quotes"]),
    "a list as a key": (
        "? [a]\n: 2\n",
        ["38: a key that is itself a list or mapping; allowed: text"],
    ),
    "a merge key": (
        "<<: {a: 1}\n",
        ["38: merge key <<; allowed: the keys themselves, written out"],
    ),
}

VALUES = {
    "nothing": ("", "has no value; allowed: a value, or leave the key out"),
    "null": ("null", "has no value; allowed: a value, or leave the key out"),
    "a date": (
        "2026-01-31",
        "2026-01-31 is a date to some readers of YAML; allowed: text in quotes",
    ),
    "yes": ("yes", "yes is text to some readers of YAML; allowed: true, false or text in quotes"),
    "no": ("no", "no is text to some readers of YAML; allowed: true, false or text in quotes"),
    "True": (
        "True",
        "True is text to some readers of YAML; allowed: true, false or text in quotes",
    ),
    "an octal number": (
        "012",
        "012 is not plainly a number; allowed: up to 18 digits, or text in quotes",
    ),
    "a hexadecimal number": (
        "0x1f",
        "0x1f is not plainly a number; allowed: up to 18 digits, or text in quotes",
    ),
    "minutes": (
        "12:30",
        "12:30 is not plainly a number; allowed: up to 18 digits, or text in quotes",
    ),
    "a leading zero": ("018", "018 is a number to some readers of YAML; allowed: text in quotes"),
    "an account": (
        "012345678901",
        "012345678901 is a number to some readers of YAML; allowed: text in quotes",
    ),
    "a huge number": (
        "9" * 5000,
        (
            "999999999999999999999999999...9999999999999999999999999999 is not plainly a number;"
            " allowed: up to 18 digits, or text in quotes"
        ),
    ),
    "an equals sign": ("=", "= is of the YAML type value; allowed: text in quotes"),
    "bytes": ("!!binary aGk=", "aGk= is of the YAML type binary; allowed: text in quotes"),
    "a number that is none": ("!!float x", "x is no float; allowed: text in quotes"),
    "python": (
        "!!python/name:os.system {}",
        "is of the YAML type python/name:os.system; allowed: none",
    ),
    "an own type": ("!secret {}", "is of the YAML type !secret; allowed: none"),
    "a set": ("!!set {a}", "is of the YAML type set; allowed: none"),
}


@pytest.mark.parametrize(("text", "problem"), WHOLE.values(), ids=WHOLE)
def test_a_file_that_cannot_be_read_has_one_problem(
    check: Callable[..., list[str]], text: str, problem: str
) -> None:
    assert check(text=text) == [problem]


@pytest.mark.parametrize(("lines", "problems"), ADDED.values(), ids=ADDED)
def test_what_a_file_must_not_have_is_told_at_its_line(
    check: Callable[..., list[str]], text: str, lines: str, problems: list[str]
) -> None:
    assert check(text=text + lines) == problems


@pytest.mark.parametrize(("value", "problem"), VALUES.values(), ids=VALUES)
def test_a_value_that_readers_of_yaml_disagree_on_is_told_once(
    check: Callable[..., list[str]], value: str, problem: str
) -> None:
    assert check(("ml-platform", value)) == [f"4: owner: {problem}"]


def test_the_rest_of_a_file_is_checked_too(check: Callable[..., list[str]], text: str) -> None:
    text += "name: dev\n---\n"
    problems = check(("ml-platform", "yes"), ("cpu: 2", "cpu: 3"), text=text)
    assert [problem.split(":")[0] for problem in problems] == ["4", "7", "38", "39"]


def test_anchors_and_aliases_are_told_apart_from_their_values(
    check: Callable[..., list[str]],
) -> None:
    problems = check(("project: mlops", "project: &it mlops"), ("ml-platform", "*it"))
    assert problems == [
        "2: anchor &it; allowed: values without one",
        "4: alias *it; allowed: its value, written out",
    ]


def test_aliases_that_multiply_are_read_once(check: Callable[..., list[str]]) -> None:
    laughs = "a0: &a0 [x, x]\n" + "".join(
        f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\nb{n}: {{<<: [*a{n - 1}, *a{n - 1}]}}\n"
        for n in range(1, 100)
    )
    assert len(check(text=laughs)) > 100


def test_quoted_texts_are_taken_as_they_are(check: Callable[..., list[str]]) -> None:
    for value in ("yes", "012", "2026-01-31", "=", "null", "12:30"):
        assert check(("ml-platform", f'"{value}"')) == []
