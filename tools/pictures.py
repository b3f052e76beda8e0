"""Draws docs/pictures from what the stacks declare for prod: `make regenerate`.

A box for each part of a stack (`stacks/<cloud>/<part>.py`) with the resources in it, counted; an
arrow from a part to each that it needs. Graphviz draws, in JavaScript (`npm ci`), so that the same
declaration is the same picture on every machine.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from mlops_infra.config.loader import load_environment
from tests.stacks.azure import conftest as azure
from tests.stacks.gcp import conftest as gcp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_infra.config.models import Environment
    from tests.stacks.registered import Program

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "pictures"
CLOUDS = ("aws", "azure", "gcp")
ON_THE_WAY = {"access", "tracking", "database", "artifacts"}
"""The parts that a client's request passes; the others stand behind them."""
RENDER = """
const read = require('node:fs').readFileSync(0, 'utf8')
require('@viz-js/viz').instance().then(
    viz => process.stdout.write(viz.renderString(read, {format: 'svg'})))
"""


@dataclass(frozen=True)
class Declared:
    """One resource: which part of the stack it belongs to, and which parts it needs."""

    part: str
    kind: str
    needs: frozenset[str]


def declared(cloud: str) -> list[Declared]:
    """Return what the stack of a cloud declares for the shipped prod; seconds."""
    environment = load_environment(ROOT, "prod")
    if cloud == "aws":
        return _of_template(environment)
    made = azure.declared(environment) if cloud == "azure" else gcp.made(environment)
    return _of_program(made.program)


def _of_template(environment: Environment) -> list[Declared]:
    """Read the CDK's template: the id of a resource begins with the name of its part."""
    import aws_cdk as cdk

    from stacks.aws.__main__ import FEATURES
    from stacks.aws.platform import Platform

    with TemporaryDirectory() as folder:
        app = cdk.App(context=FEATURES, outdir=folder, analytics_reporting=False)
        stack = Platform(app, environment.full_name, environment=environment)
        parts = [each.node.id for each in stack.node.children]
        resources = app.synth().get_stack_by_name(stack.stack_name).template["Resources"]

    def part(logical_id: str) -> str:
        own = logical_id.removeprefix(environment.full_name.replace("-", ""))
        return next(each for each in parts if own.startswith(each)).lower()

    return [
        Declared(
            part=part(name),
            kind=" ".join(each["Type"].split("::")[1:]),
            needs=frozenset(part(ref) for ref in _references(each) if ref in resources),
        )
        for name, each in resources.items()
    ]


def _of_program(program: Program) -> list[Declared]:
    """Read what a Pulumi program registers: a part is a component below the stack."""
    by_urn = {each.urn: each for each in program.resources}

    def part(urn: str) -> str:
        while (above := by_urn[urn].parent) in by_urn:
            urn = above
        return by_urn[urn].name

    found = []
    for each in program.resources:
        if each.request.custom and not each.token.startswith("pulumi:"):
            service, _, kind = each.token.split(":", 1)[1].rpartition(":")
            made = Declared(
                part=part(each.urn),
                kind=f"{service.split('/')[0]} {kind}",
                needs=frozenset(map(part, each.depends_on)),
            )
            found.append(made)
    return found


def draw(declared: list[Declared]) -> str:
    """Return the picture as SVG."""
    done = subprocess.run(  # noqa: S603 - a constant
        ["node", "-e", RENDER],  # noqa: S607 - what the CDK runs on
        input=_graph(declared),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def _graph(declared: list[Declared]) -> str:
    parts = sorted({each.part for each in declared})
    arrows = {(each.part, other) for each in declared for other in each.needs} - {
        (part, part) for part in parts
    }
    # What all others need would only hide the rest.
    for part in parts:
        to_it = {(other, part) for other in parts if other != part}
        arrows -= to_it if to_it <= arrows else set()
    lines = [
        _box(part, Counter(each.kind for each in declared if each.part == part)) for part in parts
    ]
    for start, end in sorted(arrows):
        if (end, start) not in arrows:
            lines.append(f"{start} -> {end}")
        elif start < end:
            lines.append(f"{start} -> {end} [dir=both]")
    body = "\n".join(lines)
    return f"""digraph {{
        graph [bgcolor=white, nodesep=0.3, ranksep=0.5, pad=0.2]
        node [shape=plain, fontname=Courier, fontsize=11]
        edge [color="#667788", arrowsize=0.7]
        {body}
    }}"""


def _box(part: str, kinds: Counter[str]) -> str:
    shade = "#cfe3ff" if part in ON_THE_WAY else "#e8e8e8"
    rows = "".join(
        f"{f'{count} x {kind}' if count > 1 else kind}<br align='left'/>"
        for kind, count in sorted(kinds.items())
    )
    return f"""{part} [label=<
        <table border='0' cellborder='1' cellspacing='0' cellpadding='6' color='#8899aa'>
        <tr><td bgcolor='{shade}'><b>{part}</b></td></tr>
        <tr><td bgcolor='white' align='left' balign='left'>{rows}</td></tr>
        </table>>]"""


def _references(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        for each in value:
            yield from _references(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key == "Ref":
                yield each
            elif key == "Fn::GetAtt":
                yield each[0]
            elif key == "DependsOn":
                yield from each
            else:
                yield from _references(each)


if __name__ == "__main__":
    for cloud in CLOUDS:
        (FOLDER / f"{cloud}.svg").write_text(draw(declared(cloud)))
