"""How things look: on a terminal, in a log, as JSON. Data goes to stdout, talk to stderr."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_infra.model import DELETED, Action, Goal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_infra.errors import InfraError
    from mlops_infra.model import Difference, Finding, Plan, Target
    from mlops_infra.operations import Report
    from mlops_infra.smoke import Check

HEALTH_COLOURS = {
    "healthy": "green",
    "unhealthy": "red",
    "private": "yellow",
    "not deployed": "dim",
}
DONE = {
    Goal.DEPLOY: "is deployed as its file says",
    Goal.TEARDOWN: "is not running",
    Goal.BOOTSTRAP: "has all that a deploy needs",
}
LOSES = (Action.DELETE, Action.REPLACE)
SIGNS = {
    Action.DELETE: "-",
    Action.REPLACE: "-/+",
    Action.STOP: "-",
    Action.RESTART: "~",
    Action.UPDATE: "~",
    Action.CREATE: "+",
    Action.START: "+",
    Action.KEEP: "=",
}


def say(text: str) -> None:
    """Tell a person something."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def show(text: str) -> None:
    """Give data."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def show_json(document: Any) -> None:  # noqa: ANN401 - whatever json can write
    """Give data as one JSON document."""
    show(json.dumps(document, indent=2, default=str))


def error(found: InfraError) -> None:
    """Tell what is wrong, and what to do next."""
    lines = [f"error: {nearby(found.message)}"]
    if found.hint:
        lines.append(f"try:   {nearby(found.hint)}")
    say("\n".join(lines))
    summarize(lines)


def summarize(lines: Sequence[str]) -> None:
    """Put lines on the page that GitHub shows of a job, as they are; nothing anywhere else."""
    page = os.environ.get("GITHUB_STEP_SUMMARY")
    if page:
        with Path(page).open("a", encoding="utf-8") as file:
            file.write("\n".join(["~~~~", *lines, "~~~~", ""]))


def nearby(text: str) -> str:
    """Return `text` with paths below the working folder as a person would type them."""
    return text.replace(f"{Path.cwd()}{os.sep}", "")


def propose(plan: Plan) -> None:
    """Tell what is about to be done."""
    lines = plan_lines(plan)
    say("\n".join(lines))
    summarize(lines)


def plan_lines(plan: Plan) -> list[str]:
    """Return a plan as lines, what it loses first."""
    if plan.is_empty:
        return [f"nothing to do: {plan.target} {DONE[plan.goal]}"]
    order = list(Action)
    changes = sorted(plan.changes, key=lambda change: order.index(change.action))
    width = max(len(change.resource) for change in changes)
    lines = [f"{plan.goal} of {plan.target}:"]
    for change in changes:
        sign, action = SIGNS[change.action], change.action
        lines.append(f"  {sign:<3} {change.resource:<{width}}  {action}: {change.reason}")
    lost = sum(change.action in LOSES for change in changes)
    if lost:
        lines.append(f"  {lost} of {len(changes)} would lose what is there")
    return lines


def plan_document(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON's types."""
    return {
        "environment": plan.target.environment.name,
        "cloud": str(plan.target.cloud),
        "goal": str(plan.goal),
        "has_changes": not plan.is_empty,
        "changes": [
            {"action": str(each.action), "resource": each.resource, "reason": each.reason}
            for each in plan.changes
        ],
    }


def findings_lines(found: Sequence[Finding]) -> list[str]:
    """Return what a deploy needs as a table; what mends a line is below it."""
    width = max(len(each.name) for each in found)
    lines = []
    for each in found:
        mends = [
            f"{'  ' if number else '→ '}{line}"
            for number, line in enumerate(each.remedy.splitlines())
        ]
        first, *rest = [nearby(line) for line in (*each.detail.splitlines(), *mends)] or [""]
        lines.append(f"{each.verdict:<7}  {each.name:<{width}}  {first}".rstrip())
        lines += [f"{'':<7}  {'':<{width}}  {line}" for line in rest]
    return lines


def findings_document(target: Target, found: Sequence[Finding]) -> dict[str, Any]:
    """Return what a deploy needs as JSON's types."""
    return {
        "environment": target.environment.name,
        "cloud": str(target.cloud),
        "is_ready": not any(each.is_in_the_way for each in found),
        "findings": [asdict(each) for each in found],
    }


def drift_lines(target: Target, found: Sequence[Difference]) -> list[str]:
    """Return what was changed by hand as lines."""
    if not found:
        return [f"no drift: {target} is as the last deploy left it"]
    width = max(len(each.resource) for each in found)
    lines = [f"drift of {target}:"]
    for each in found:
        values = "" if each.what == DELETED else f": {each.expected} → {each.actual}"
        lines.append(f"  {each.resource:<{width}}  {each.what}{values}")
    return lines


def drift_document(target: Target, found: Sequence[Difference]) -> dict[str, Any]:
    """Return what was changed by hand as JSON's types."""
    return {
        "environment": target.environment.name,
        "cloud": str(target.cloud),
        "has_drift": bool(found),
        "differences": [asdict(each) for each in found],
    }


def report_document(report: Report) -> dict[str, Any]:
    """Return a status report as JSON's types."""
    status, probe = report.status, report.probe
    return {
        "environment": report.target.environment.name,
        "cloud": str(report.target.cloud),
        "health": report.word,
        "problem": report.problem,
        "tracking_uri": status.outputs.tracking_uri if status.outputs else None,
        "mlflow_version": status.outputs.mlflow_version if status.outputs else None,
        "since": status.since.isoformat(timespec="seconds") if status.since else None,
        "response_seconds": round(probe.seconds, 3) if probe else None,
        "components": [
            {"name": each.name, "state": str(each.state), "detail": each.detail}
            for each in status.components
        ],
    }


def report_table(reports: Sequence[Report]) -> None:
    """Give status reports as a table, side by side; what is wrong goes below it."""
    from rich.console import Console  # 0.1 s that only tables cost
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("environment", "cloud", "health", "tracking uri", "mlflow", "since"):
        table.add_column(head, no_wrap=True)
    for each in reports:
        outputs, since = each.status.outputs, each.status.since
        table.add_row(
            each.target.environment.name,
            str(each.target.cloud),
            f"[{HEALTH_COLOURS[each.word]}]{each.word}[/]",
            outputs.tracking_uri if outputs else "",
            outputs.mlflow_version if outputs else "",
            since.astimezone().strftime("%Y-%m-%d %H:%M") if since else "",
        )
    console = Console()
    # In a pipe a value is never cut: whoever reads it wants all of it.
    console.print(table, width=None if console.is_terminal else 200)
    for each in reports:
        if each.problem:
            say(f"{each.target}: {each.problem}")


def report_lines(report: Report) -> list[str]:
    """Return one environment's status as lines, part by part."""
    outputs, since = report.status.outputs, report.status.since
    lines = [f"{report.target}: {report.word}"]
    if report.problem:
        lines.append(f"  problem       {report.problem}")
    elif report.word == "private":
        lines.append("  not asked     cannot be reached from here: access.exposure is private")
    if outputs:
        lines.append(f"  tracking uri  {outputs.tracking_uri}")
        lines.append(f"  mlflow        {outputs.mlflow_version}")
    if since:
        lines.append(f"  since         {since.astimezone().strftime('%Y-%m-%d %H:%M:%S %z')}")
    lines += [
        f"  {part.name:<12}  {part.state}{f' ({part.detail})' if part.detail else ''}"
        for part in report.status.components
    ]
    return lines


def check(found: Check) -> None:
    """Give one line of a smoke test's report."""
    detail = f"  {found.detail}" if found.detail else ""
    show(f"{'ok  ' if found.ok else 'FAIL'}  {found.name:<44} {found.seconds:5.1f} s{detail}")


def kept(plan: Plan) -> None:
    """Give what a teardown kept, and where."""
    if not plan.changes:
        nothing = f"nothing to do: there is no {plan.target}"
        say(nothing)
        summarize([nothing])
    for change in plan.changes:
        if change.action is Action.KEEP:
            show(f"kept {change.resource}: {change.reason}")


def mask(secret: str) -> None:
    """Have GitHub hide a secret in the rest of the log; says nothing anywhere else."""
    if secret and os.environ.get("GITHUB_ACTIONS"):
        say(f"::add-mask::{secret}")
