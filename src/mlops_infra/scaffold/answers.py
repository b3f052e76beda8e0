"""What a project is written for: given by flags, found in the project, or asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_infra.config.loader import check_file, environment_files
from mlops_infra.config.models import Cloud
from mlops_infra.config.wording import shown
from mlops_infra.errors import UsageError
from mlops_infra.scaffold.questions import ACCOUNTS, CI, NONE, REGIONS, Question, questions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mlops_infra.config.models import Environment

    Ask = Callable[[str], str]
    """Shows a person a question and returns the line that is the answer."""

OF_ANY_CLOUD = ("project", "email", "repository")


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What a project is written for. What is left out is empty."""

    cloud: Cloud
    project: str
    account: str = ""
    region: str = ""
    domain: str = ""
    hosted_zone: str = ""
    email: str = ""
    ci: str = NONE
    repository: str = ""


def find_answers(folder: Path, given: Mapping[str, str], ask: Ask | None) -> Answers:
    """Return what is given, else what the project in `folder` says, else what `ask` brings.

    Asks again until an answer will do. `ask` is None where there is nobody to ask.

    Raises:
        UsageError: a given answer will not do, or one is missing.
    """
    given = {name: answer for name, answer in given.items() if answer}
    known = _known(folder)
    if known and given.get("cloud", known["cloud"]) != known["cloud"]:
        known = {name: known[name] for name in OF_ANY_CLOUD}
    for name in known.keys() & given.keys() - {"ci"}:
        if given[name] != known[name]:
            raise UsageError(
                f"--{name.replace('_', '-')}: this project's environments are there already, "
                f"with {shown(known[name]) if known[name] else 'none'}",
                hint="change it in environments/*.yaml: init writes over no file",
            )
    found: dict[str, str] = {}
    missing = []
    for question in questions(folder, found):
        name = question.name
        answer = given.get(name) or known.get(name)
        if name in given and (problem := question.problem(given[name])):
            raise UsageError(f"{question.flag}: {problem}")
        if answer is None and ask:
            answer = _asked(question, ask)
        elif answer is None:
            answer = question.default or ""
            missing += [f"{question.flag} …"] if question.default is None else []
        found[name] = answer
    if missing:
        raise UsageError("cannot ask without a terminal", hint=f"add {' '.join(missing)}")
    if unused := given.keys() - found.keys():
        flag = min(unused).replace("_", "-")
        raise UsageError(f"--{flag} means nothing here", hint="mlops-infra init --help")
    return Answers(cloud=Cloud(found.pop("cloud")), **found)


def _asked(question: Question, ask: Ask) -> str:
    answer = question.meant(ask(question.prompt))
    while problem := question.problem(answer):
        answer = question.meant(ask(f"{problem}\n{question.prompt}"))
    return answer


def _known(folder: Path) -> dict[str, str]:
    """Return what the project in `folder` answers; nothing where there is none yet."""
    for file in environment_files(folder):
        environment, _ = check_file(file)
        if environment:
            present = (kind for kind, name in CI.items() if (folder / name).exists())
            return {**_answers_of(environment), "ci": next(present, NONE)}
    return {}


def _answers_of(environment: Environment) -> dict[str, str]:
    cloud, domain = environment.cloud, environment.access.domain or ""
    section = {} if cloud is Cloud.LOCAL else environment.model_dump()[cloud]
    return {
        "cloud": cloud,
        "project": environment.project,
        "account": section[ACCOUNTS[cloud][1]] if section else "",
        "region": section[REGIONS[cloud][1]] if section else "",
        "domain": domain.partition(".")[2],
        "hosted_zone": (section.get("hosted_zone") or {}).get("id", ""),
        "email": environment.alerts.email if environment.alerts else "",
        "repository": environment.ci.github if environment.ci else "",
    }
