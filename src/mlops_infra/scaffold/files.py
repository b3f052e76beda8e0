"""Every file of a new project, and how it is written: never over one that is there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from difflib import unified_diff
from os.path import lexists
from typing import TYPE_CHECKING

from mlops_infra import __version__
from mlops_infra.config.loader import check_file, environment_files
from mlops_infra.config.models import Cloud
from mlops_infra.errors import PrerequisiteError
from mlops_infra.project import ENVIRONMENTS, shipped
from mlops_infra.scaffold.environment import environment_text, shipped_environments
from mlops_infra.scaffold.questions import CI, NONE
from mlops_infra.scaffold.readme import readme_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlops_infra.scaffold.answers import Answers

    Files = dict[str, str]
    """Texts by their paths in the project."""

README = "README.md"
IGNORE = ".gitignore"
IGNORED = "/.mlops-infra/\n/node_modules/\n__pycache__/\ncdk.out/\nstacks/*/Pulumi.*.yaml\n"
PULUMI = "Pulumi.yaml"


@dataclass(frozen=True, kw_only=True)
class Written:
    """What became of one file."""

    path: Path
    is_new: bool
    difference: str = ""
    """How one that was there differs from what would have been written, as a diff."""


def project_files(folder: Path, answers: Answers, *, with_stacks: bool) -> Files:
    """Return all that a project is made of; where there is one, with no further environment."""
    there = {each.name for each in environment_files(folder) if check_file(each)[0]}
    found = {
        f"{ENVIRONMENTS}/{each.name}": environment_text(each, answers)
        for each in shipped_environments()
        if not there or each.name in there
    }
    found |= _copies(f"{ENVIRONMENTS}/environment.schema.json")
    if answers.ci == "github":
        found |= _copies(".github")
        del found[".github/workflows/ci.yml"]  # tests the package itself
    elif answers.ci != NONE:
        start = CI[answers.ci].rpartition(".")[0]  # of its template's name, too
        pipelines = _copies("pipelines").items()
        found |= {name: text for name, text in pipelines if name.startswith(start)}
    found["requirements-deploy.txt"] = f"mlops-infra[{answers.cloud}]=={__version__}\n"
    if answers.cloud is Cloud.AWS:
        found["package.json"] = _package_json()
    if with_stacks:
        found |= _stacks(answers)
    return found | {IGNORE: IGNORED, README: readme_text(answers)}


def write(folder: Path, files: Files) -> Iterator[Written]:
    """Write what is not there, and yield what became of each file.

    Raises:
        PrerequisiteError: a permission or disk space is missing; what is written so far is whole.
    """
    for name, text in sorted(files.items()):
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if lexists(path):
                yield Written(path=path, is_new=False, difference=_difference(name, path, text))
            else:
                _write(path, text)
                yield Written(path=path, is_new=True)
        except OSError as error:
            raise PrerequisiteError(
                f"cannot write {path}: {error.strerror}",
                hint="mend that, then run the command again: it goes on from here",
            ) from error


def _write(path: Path, text: str) -> None:
    """Write a new file: whole, or not at all."""
    with path.open("x", encoding="utf-8") as file:
        try:
            file.write(text)
            file.flush()
        except BaseException:  # Ctrl-C, too
            path.unlink()
            raise


def _difference(name: str, path: Path, text: str) -> str:
    """Return what `text` has otherwise; nothing for what is there to be edited."""
    if name == README or (name.startswith(f"{ENVIRONMENTS}/") and name.endswith(".yaml")):
        return ""
    try:
        there = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        return f"cannot be read: {error}"
    wanted = text.splitlines()
    if name == IGNORE:
        wanted = there + [line for line in wanted if line not in there]
    return "\n".join(list(unified_diff(there, wanted, lineterm="", n=0))[2:])


def _copies(name: str) -> Files:
    """Return a shipped file, or all in a shipped folder, as they are."""
    root = shipped(name)
    files = [root] if root.is_file() else [each for each in root.rglob("*") if each.is_file()]
    return {
        name if each == root else f"{name}/{each.relative_to(root)}": each.read_text("utf-8")
        for each in files
        if "__pycache__" not in each.parts
    }


def _package_json() -> str:
    """Return what `npm install` takes: the repository's own pin of the CDK's command line."""
    pins = json.loads(shipped("package.json").read_text("utf-8"))["devDependencies"]
    document = {"private": True, "devDependencies": {"aws-cdk": pins["aws-cdk"]}}
    return json.dumps(document, indent=2) + "\n"


def _stacks(answers: Answers) -> Files:
    """Return the stack code of the project's cloud, and what starts it by hand."""
    found = _copies("stacks/__init__.py") | _copies("stacks/image")
    for cloud in {Cloud.LOCAL, answers.cloud}:
        found |= _copies(f"stacks/{cloud}")
    if answers.cloud is Cloud.AWS:
        found |= _copies("cdk.json")
    pulumi = f"stacks/{answers.cloud}/{PULUMI}"
    if pulumi in found:
        found[pulumi] = found[pulumi].replace("name: mlops\n", f"name: {answers.project}\n")
    return found
