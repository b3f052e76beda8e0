"""Commands about files: `init`, `validate`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from mlops_infra.cli import options, questions, render
from mlops_infra.cli.options import CloudName, ProjectDir
from mlops_infra.errors import ConfigError


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The project's folder.")] = Path(),
    *,
    cloud: CloudName = "",
    project: Annotated[str, typer.Option(help="First part of every name in the cloud.")] = "",
    account: Annotated[
        str, typer.Option(help="AWS account, Azure subscription or Google Cloud project.")
    ] = "",
    region: Annotated[str, typer.Option(help="The cloud's region or location.")] = "",
    domain: Annotated[str, typer.Option(help="A domain of yours, for mlflow.DOMAIN.")] = "",
    hosted_zone: Annotated[str, typer.Option(help="On AWS, the id of the domain's zone.")] = "",
    email: Annotated[str, typer.Option(help="Who is told when an alarm goes off.")] = "",
    ci: Annotated[
        str,
        typer.Option(help="What deploys: github, azure-devops (Azure), cloud-build (GCP) or none."),
    ] = "",
    repository: Annotated[str, typer.Option(help="On GitHub: owner/name.")] = "",
    with_stacks: Annotated[
        bool, typer.Option("--with-stacks", help="Write the stack code, too, to own and edit.")
    ] = False,
) -> None:
    """Write a project; asks for what no flag says. Run again, it writes what is new."""
    from mlops_infra import scaffold

    scaffold.require_place(folder)
    given = {
        "cloud": cloud,
        "project": project,
        "account": account,
        "region": region,
        "domain": domain,
        "hosted_zone": hosted_zone,
        "email": email,
        "ci": ci,
        "repository": repository,
    }
    ask = questions.read if questions.somebody_is_there() else None
    answers = scaffold.find_answers(folder, given, ask)
    own = with_stacks or scaffold.has_stacks(folder)
    files = scaffold.project_files(folder, answers, with_stacks=own)
    for each in scaffold.write(folder, files):
        if each.is_new:
            render.show(render.nearby(str(each.path)))
        else:
            difference = f", and differs:\n{each.difference}" if each.difference else ""
            render.say(f"{render.nearby(str(each.path))}: kept{difference}")
    root = scaffold.root_above(folder)
    if root and answers.ci != scaffold.NONE:
        render.say(
            f"CI works at a repository's root alone, which is {root}: give this project a "
            f"repository of its own, or make it there"
        )
    if scaffold.lacks_cdk(folder):
        render.say("npm install: the CDK's command line")
        if problem := scaffold.install_cdk(folder):
            render.say(f"npm install is left to do: {problem}")
    go_there = "" if folder.resolve() == Path.cwd() else f"cd {shlex.quote(str(folder))} && "
    render.say(f"next:  {go_there}mlops-infra bootstrap -e dev && mlops-infra deploy -e dev")


def validate(
    files: Annotated[list[Path] | None, typer.Argument(help="Files; without any, all.")] = None,
    *,
    folder: ProjectDir = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON schema.")] = False,
) -> None:
    """Check environment files; all mistakes at once."""
    from mlops_infra.config import loader

    if schema:
        from mlops_infra.config.schema import environment_schema

        render.show_json(environment_schema())
        return
    found = files or loader.environment_files(options.project_dir(folder))
    problems = []
    for file in found:
        _, mistakes = loader.check_file(file)
        problems += mistakes
        render.say(
            f"{render.nearby(str(file))}: {'ok' if not mistakes else f'{len(mistakes)} to mend'}"
        )
    if problems:
        raise ConfigError(problems)
