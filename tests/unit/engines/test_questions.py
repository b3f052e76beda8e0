"""How what an engine asks is told, whatever is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_infra.engines.questions import Question, findings, unknown_if_denied
from mlops_infra.errors import InfraError, LockedError, PrerequisiteError, UsageError
from mlops_infra.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable


def raising(error: InfraError) -> Callable[[], str]:
    def ask() -> str:
        raise error

    return ask


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (PrerequisiteError("w", hint="h"), Verdict.MISSING),
        (LockedError("w", hint="h"), Verdict.BUSY),
        (InfraError("w", hint="h"), Verdict.UNKNOWN),
    ],
)
def test_an_error_is_told_by_its_kind_and_the_rest_is_asked_all_the_same(
    error: InfraError, verdict: Verdict
) -> None:
    asked = [Question(name="a", ask=raising(error)), Question(name="b", ask=lambda: "there")]
    first, second = findings(asked, to_apply=True)
    assert (first.verdict, first.detail, first.remedy) == (verdict, "w", "h")
    assert (second.verdict, second.detail, second.remedy) == (Verdict.OK, "there", "")


def test_what_cannot_be_asked_without_another_is_not() -> None:
    asked: list[str] = []
    login = Question(name="login", ask=raising(PrerequisiteError("nobody")))
    quota = Question(name="quota", ask=lambda: asked.append("quota") or "", after=("login",))
    room = Question(name="room", ask=lambda: asked.append("room") or "", after=("quota",))
    _, *others = findings([login, quota, room], to_apply=True)
    assert [(each.verdict, each.detail) for each in others] == [
        (Verdict.UNKNOWN, "not asked: 'login' comes first"),
        (Verdict.UNKNOWN, "not asked: 'quota' comes first"),
    ]
    assert asked == []


def test_a_plan_asks_only_what_it_needs() -> None:
    asked = [
        Question(name="login", ask=lambda: "", is_for_plan=True),
        Question(name="quota", ask=lambda: "", after=("login",)),
    ]
    assert [each.name for each in findings(asked, to_apply=False)] == ["login"]


def test_a_wrong_file_is_no_finding() -> None:
    asked = [Question(name="region", ask=raising(UsageError("no such region")))]
    with pytest.raises(UsageError):
        list(findings(asked, to_apply=True))


def test_an_answer_that_is_denied_is_unknown() -> None:
    with pytest.raises(InfraError, match="denied") as caught, unknown_if_denied():
        raise PrerequisiteError("denied")
    assert type(caught.value) is InfraError
