"""Reads environment files, and tells all that is wrong with one at once.

- `_text` makes the file's bytes a text
- `syntax` makes the text PyYAML's nodes, or says why it is no YAML, or none that stands alone
- `values` makes the nodes plain values, each with its line
- `models` makes the values an Environment, or `mistakes` says which are wrong
- `rules` look at what is valid of it

Each adds its problems to the file's `Document`, and the next goes on with what is left.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from mlops_infra.config import mistakes, rules, syntax
from mlops_infra.config.document import Document
from mlops_infra.config.models import Cloud, Environment
from mlops_infra.config.values import Values
from mlops_infra.config.wording import shown
from mlops_infra.errors import ConfigError, Problem, UsageError

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "environments"
LARGEST_BYTES = 64 * 1024
FIRST = ("dev", "staging", "prod")
MISNAMED = "the file's name does not end in .yaml, so it would be overlooked"


def load_environment(project_dir: Path, name: str, *, in_ci: bool = False) -> Environment:
    """The environment of that name.

    Raises:
        ConfigError: its file has problems; all of them are told.
        UsageError: there is no such file; the names there are are told.
    """
    files = {file.stem: file for file in _files(project_dir, ".yaml")}
    if name not in files:
        raise _unknown(project_dir, name, list(files))
    environment, problems = check_file(files[name], in_ci=in_ci)
    if environment is None:
        raise ConfigError(problems, hint=f"mlops-infra validate {files[name]}")
    return environment


def environment_files(project_dir: Path) -> list[Path]:
    """Every environment file: dev, staging and prod first, then the others by name.

    Raises:
        ConfigError: a file ends in .yml, and would be overlooked.
    """
    misnamed = _files(project_dir, ".yml")
    if misnamed:
        problems = [Problem(file=file, line=1, path="", message=MISNAMED) for file in misnamed]
        raise ConfigError(problems, hint=_rename(misnamed[0]))
    return _files(project_dir, ".yaml")


def check_file(file: Path, *, in_ci: bool = False) -> tuple[Environment | None, list[Problem]]:
    """The environment in a file, or else every problem with it, in the file's order."""
    document = Document(file)
    if file.suffix != ".yaml":
        document.report((), MISNAMED)
    text = _text(document)
    environment = None if text is None else _environment(text, document, in_ci=in_ci)
    return _verdict(environment, document)


def check_text(
    text: str, *, file: Path, in_ci: bool = False
) -> tuple[Environment | None, list[Problem]]:
    """The same for a text that is not in a file yet, or not anymore; `file` is only named."""
    document = Document(file)
    return _verdict(_environment(text, document, in_ci=in_ci), document)


def _verdict(
    environment: Environment | None, document: Document
) -> tuple[Environment | None, list[Problem]]:
    problems = sorted(document.problems, key=lambda problem: problem.line)
    return (None if problems else environment), problems


def _text(document: Document) -> str | None:
    file = document.file
    try:
        if not file.is_file():
            kind = "a directory" if file.is_dir() else "no file"
            document.report((), f"{kind} where an environment file should be")
            return None
        with file.open("rb") as stream:
            content = stream.read(LARGEST_BYTES + 1)
    except OSError as error:
        document.report((), f"cannot be read: {error.strerror or error}")
        return None
    if len(content) > LARGEST_BYTES:
        document.report((), "the file is too large", allowed=f"up to {LARGEST_BYTES} bytes")
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        document.report((), f"byte {content[error.start]:#04x} is not UTF-8", line=line)
        return None


def _environment(text: str, document: Document, *, in_ci: bool) -> Environment | None:
    root = syntax.root_of(text, document)
    if root is None:
        return None
    values = Values(document).mapping(root)
    valid: dict[str, Any] = {}
    environment = None
    try:
        environment = Environment.model_validate(values, context=valid)
    except ValidationError as error:
        mistakes.report(error, document)
    known = valid | {
        "clouds": {cloud for cloud in Cloud if cloud in values},
        "file_stem": document.file.stem,
        "in_ci": in_ci,
    }
    for finding in rules.findings(known):
        document.report(finding.keys, finding.message, allowed=finding.allowed)
    return environment


def _files(project_dir: Path, suffix: str) -> list[Path]:
    folder = project_dir / FOLDER
    try:
        files = [file for file in folder.iterdir() if file.suffix == suffix]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise UsageError(f"{folder} cannot be read: {error.strerror}") from error
    # An editor's own files start with a dot: .#dev.yaml is a lock of Emacs'.
    return sorted((file for file in files if file.name[0] != "."), key=_order)


def _order(file: Path) -> tuple[int, str]:
    return FIRST.index(file.stem) if file.stem in FIRST else len(FIRST), file.name


def _rename(file: Path) -> str:
    return f"mv {file} {file.with_suffix('.yaml')}"


def _unknown(project_dir: Path, name: str, names: list[str]) -> UsageError:
    misnamed = [file for file in _files(project_dir, ".yml") if file.stem == name]
    if misnamed:
        return UsageError(f"{misnamed[0]}: {MISNAMED}", hint=_rename(misnamed[0]))
    if not names:
        folder = project_dir / FOLDER
        return UsageError(f"there are no environments in {folder}", hint="mlops-infra init")
    near = get_close_matches(name, names, n=1)
    guess = f", did you mean '{near[0]}'?" if near else ""
    return UsageError(f"unknown environment {shown(name)}{guess}; there are: {', '.join(names)}")
