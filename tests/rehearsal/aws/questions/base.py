"""How a question is asked, and where it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rehearsal.aws.account import Account

    Question = Callable[[Account, str, dict[str, Any]], Any]
    """Takes the physical id and the template's properties; true if the answer is as declared."""

QUESTIONS: dict[str, Question] = {}


def about(kind: str) -> Callable[[Question], Question]:
    def keep(question: Question) -> Question:
        QUESTIONS[kind] = question
        return question

    return keep
