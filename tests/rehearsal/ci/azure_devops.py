"""Runs a pipeline of Azure DevOps: its templates expanded as the service does, its steps by bash.

Knows what our pipeline uses of the language; anything else is an error.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

TASKS = {
    # Where a task has a script, and whether it is logged in while the script runs.
    "UsePythonVersion@0": (None, False),  # the PATH has this Python
    "AzureCLI@2": ("inlineScript", True),
}
TEMPORARY = "$(Agent.TempDirectory)"
Scope = dict[str, Any]
"""What an expression may name, as it is written: `name`, `parameters.run`."""


def load(file: Path) -> Any:  # noqa: ANN401 - YAML
    """Read a file as the service does, where every scalar is a string."""
    return yaml.load(file.read_text(), yaml.BaseLoader)  # noqa: S506 - it makes nothing but strings


def expanded(file: Path, *, reason: str, **given: str | list[str]) -> Any:  # noqa: ANN401 - YAML
    """Return the pipeline that a run for `reason` has, with parameters as somebody gave them."""
    pipeline = load(file)
    parameters = {each["name"]: each["default"] for each in pipeline.pop("parameters")}
    scope: Scope = {"variables['Build.Reason']": reason}
    scope |= {f"parameters.{name}": value for name, value in {**parameters, **given}.items()}
    return _expand(pipeline, scope, file.parent)


def _expand(node: Any, scope: Scope, folder: Path) -> Any:  # noqa: ANN401 - YAML
    if isinstance(node, str):
        return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: str(_value(found[1], scope)), node)
    if isinstance(node, dict):
        return {key: _expand(value, scope, folder) for key, value in node.items()}
    found: list[Any] = []
    is_chosen = False
    for item in node:
        [(key, value), *others] = item.items() if isinstance(item, dict) else [(item, None)]
        word, _, rest = key.removeprefix("${{ ").removesuffix(" }}").partition(" ")
        if not key.startswith("${{ ") or value is None:
            found += _included(item, scope, folder)
            continue
        assert not others
        if word == "each":
            name, _, many = rest.partition(" in ")
            for each in _value(many, scope):
                found += _expand(value, {**scope, name: each}, folder)
        elif word == "if" or not is_chosen:
            assert word in {"if", "elseif"}, key
            is_chosen = _value(rest, scope)
            found += _expand(value, scope, folder) if is_chosen else []
    return found


def _included(item: Any, scope: Scope, folder: Path) -> list[Any]:  # noqa: ANN401 - YAML
    if not isinstance(item, dict) or "template" not in item:
        return [_expand(item, scope, folder)]
    template = load(folder / item["template"])
    given = _expand(item["parameters"], scope, folder)
    assert given.keys() == {each["name"] for each in template["parameters"]}
    inside = {f"parameters.{name}": value for name, value in given.items()}
    return _expand(template["steps"], inside, folder)


def _value(expression: str, scope: Scope) -> Any:  # noqa: ANN401 - of any type of the language
    if expression.startswith("'"):
        return expression.strip("'")
    if found := re.fullmatch(r"eq\((.*), (.*)\)", expression):
        return _value(found[1], scope) == _value(found[2], scope)
    return scope[expression]


@dataclass
class Run:
    """How one run of the pipeline ended."""

    log: str = ""
    results: dict[str, bool] = field(default_factory=dict)
    """Whether each stage that ran was good, in the order in which they ran."""
    connections: list[str] = field(default_factory=list)
    """The service connections that logged in."""
    pages: list[str] = field(default_factory=list)
    """The summaries that were handed in."""

    @property
    def is_good(self) -> bool:
        return all(self.results.values())


def run(
    pipeline: Any,  # noqa: ANN401 - YAML
    *,
    folder: Path,
    environ: Mapping[str, str],
    login: Mapping[str, str],
) -> Run:
    """Run the stages of an expanded pipeline in `folder`; one that fails ends those after it."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    known = {"HOME": os.environ["HOME"], "PATH": path, "TF_BUILD": "True", **environ}
    done = Run()
    for stage in pipeline["stages"]:
        if "dependsOn" in stage:
            assert stage["dependsOn"] == []
        elif not done.is_good:
            continue
        [job] = stage["jobs"]
        done.results[stage["stage"]] = _job(job, folder, known, login, done)
    return done


def _job(
    job: dict[str, Any],
    folder: Path,
    environ: Mapping[str, str],
    login: Mapping[str, str],
    done: Run,
) -> bool:
    steps = job["steps"] if "job" in job else job["strategy"]["runOnce"]["deploy"]["steps"]
    is_good = True
    with TemporaryDirectory() as temporary:
        for step in steps:
            if "checkout" not in step and (is_good or step.get("condition") == "always()"):
                said, code = _step(step, folder, temporary, environ, login, done)
                done.log += said
                pages = re.findall(r"##vso\[task.uploadsummary\](.*)", said)
                done.pages += [Path(each).read_text() for each in pages]
                is_good = code == 0 and is_good
    return is_good


def _step(
    step: dict[str, Any],
    folder: Path,
    temporary: str,
    environ: Mapping[str, str],
    login: Mapping[str, str],
    done: Run,
) -> tuple[str, int]:
    """Return what a step said, and its exit code."""
    script, known = step.get("script", "true"), {**environ, **step.get("env", {})}
    if "task" in step:
        name, is_logged_in = TASKS[step["task"]]
        script = step["inputs"][name] if name else script
        if is_logged_in:
            known |= login
            done.connections.append(step["inputs"]["azureSubscription"])
    known = {key: each.replace(TEMPORARY, temporary) for key, each in known.items()}
    ended = subprocess.run(
        ["bash", "--noprofile", "--norc", "-c", script.replace(TEMPORARY, temporary)],
        cwd=folder,
        env=known,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    return ended.stdout, ended.returncode
