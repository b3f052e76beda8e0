"""The pages say what is so: commands exist, links lead somewhere, the site asks nobody else."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import typer
from typer.core import TyperGroup

from mlops_infra.cli.app import app
from tests.conftest import REPOSITORY
from tools import reference

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES = sorted([REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md")])
FENCE = re.compile(r"^```(?:console|sh)\n(.*?)^```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
TARGET = re.compile(r"^([a-z_-]+):", re.MULTILINE)
COMMAND = re.compile(r"(?:^|[(;&|] *)((?:mlops-infra|make) [^;|&)]*)")
LINK = re.compile(r"(?:\]\(|<)(https?:[^)>\s]*)")
LOADED = re.compile(r"<(?:script|img|iframe|link)[^>]*?\s(?:src|href)=\"([^\"]+)\"")


def commands(page: Path) -> Iterator[str]:
    """Yield every command line of ours in a page, in blocks and in the text."""
    text = page.read_text()
    blocks = "\n".join(FENCE.findall(text)).replace("\\\n", " ")
    lines = [line.removeprefix("$ ") for line in blocks.splitlines()]
    for said in [*lines, *INLINE.findall(text)]:
        for found in COMMAND.findall(said.split("  #")[0].strip()):
            yield found.strip()


def check(line: str) -> str:
    """Return what is wrong with a command line of ours, or nothing."""
    program, *words = shlex.split(line)
    if program == "make":
        targets = TARGET.findall((REPOSITORY / "Makefile").read_text())
        names = [word for word in words if "=" not in word and not word.startswith("-")]
        return "".join(f"no target {name}" for name in names if name not in targets)
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    with typer.Context(group, info_name=program) as ctx:
        try:
            name, command, rest = group.resolve_command(ctx, words)
            assert command is not None
            command.make_context(name, list(rest), parent=ctx)
        except typer.TyperException as error:
            return error.format_message()
    return ""


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page != reference.PAGE], ids=lambda page: page.stem
)
def test_every_command_that_a_page_names_is_one_that_there_is(page: Path) -> None:
    wrong = {line: mistake for line in commands(page) if (mistake := check(line))}
    assert wrong == {}


@pytest.mark.parametrize(
    "line",
    ["make nothing", "mlops-infra nothing", "mlops-infra deploy --nothing", "mlops-infra smoke x"],
)
def test_a_command_that_is_none_is_found(line: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"```console\n$ {line} # why\n```\n\nOr `{line}`.\n")
    assert all(check(found) for found in commands(page))
    assert len(list(commands(page))) == 2


def test_the_reference_of_the_commands_is_current() -> None:
    assert reference.PAGE.read_text() == reference.page(), "make regenerate"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_to_elsewhere_are_addresses_of_the_web_by_tls(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        found = urlsplit(link)
        assert found.scheme == "https", link
        assert "." in (found.hostname or ""), link


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, as `make docs` builds it: no broken link, no anchor that is not there."""
    folder = tmp_path_factory.mktemp("site")
    done = build(REPOSITORY / "docs", folder)
    assert done.returncode == 0, done.stderr
    return folder / "html"


def build(pages: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    target = re.search(
        r"sphinx-build (-M html) docs site (.*)", (REPOSITORY / "Makefile").read_text()
    )
    assert target is not None
    words = [*target[1].split(), str(pages), str(folder), *target[2].split()]
    argv = [sys.executable, "-m", "sphinx", *words]
    return subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)


def test_a_page_of_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.glob("*.html"))
    assert {page.stem for page in PAGES} - {"README"} <= {page.stem for page in pages}
    for page in pages:
        loaded = LOADED.findall(page.read_text())
        assert loaded, page
        assert [each for each in loaded if urlsplit(each).netloc] == [], page


def test_a_broken_link_or_anchor_fails_the_build(tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "conf.py").write_text((REPOSITORY / "docs" / "conf.py").read_text())
    (pages / "other.md").write_text("# Other\n")
    links = ["nowhere.md", "other.md#nowhere", "#nowhere"]
    body = "\n\n".join(f"[there]({link})" for link in ["other.md", "other.md#other", *links])
    (pages / "index.md").write_text(f"# Here\n\n{body}\n\n```{{toctree}}\nother\n```\n")
    done = build(pages, tmp_path / "site")
    assert done.returncode != 0
    assert done.stderr.count("[myst.xref_missing]") == len(links), done.stderr
