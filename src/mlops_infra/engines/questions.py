"""What an engine asks before a deploy: questions, all at once, and how each answer is told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_infra.errors import InfraError, LockedError, PrerequisiteError, UsageError
from mlops_infra.model import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from concurrent.futures import Future


@dataclass(frozen=True, kw_only=True)
class Question:
    """One thing that a deploy needs.

    `ask` returns what there is. A `PrerequisiteError` of it says that something is missing, a
    `LockedError` who has it, any other `InfraError` that it cannot be known.
    """

    name: str
    ask: Callable[[], str]
    after: tuple[str, ...] = ()
    """The names of those before it, without which this cannot be asked."""
    is_for_plan: bool = False
    """Whether a plan needs it, too."""


def findings(questions: Sequence[Question], *, to_apply: bool) -> Iterator[Finding]:
    """Ask all questions at once, or all that a plan needs; yield the answers in their order.

    Raises:
        UsageError: what was asked for cannot be, whatever there is.
    """
    wanted = [each for each in questions if to_apply or each.is_for_plan]
    asked: dict[str, Future[Finding]] = {}
    with ThreadPoolExecutor(max_workers=len(wanted)) as pool:  # one each: some wait for others
        for each in wanted:
            before = [asked[name] for name in each.after]
            asked[each.name] = pool.submit(_find, each, before)
        for answer in asked.values():
            yield answer.result()


@contextmanager
def unknown_if_denied() -> Generator[None]:
    """Turn a missing permission to ask into word that the answer is not known."""
    try:
        yield
    except PrerequisiteError as error:
        raise InfraError(error.message, hint=error.hint) from error


def _find(question: Question, before: Sequence[Future[Finding]]) -> Finding:
    for each in before:
        first = each.result()
        if first.verdict is not Verdict.OK:
            detail = f"not asked: '{first.name}' comes first"
            return Finding(name=question.name, verdict=Verdict.UNKNOWN, detail=detail)
    try:
        return Finding(name=question.name, verdict=Verdict.OK, detail=question.ask())
    except UsageError:
        raise
    except InfraError as error:
        return Finding(
            name=question.name, verdict=_verdict(error), detail=error.message, remedy=error.hint
        )


def _verdict(error: InfraError) -> Verdict:
    if isinstance(error, PrerequisiteError):
        return Verdict.MISSING
    return Verdict.BUSY if isinstance(error, LockedError) else Verdict.UNKNOWN
