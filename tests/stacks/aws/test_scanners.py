"""cdk-nag, cfn-lint and checkov find nothing but what the stack accepts, each with its reason."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import REPOSITORY
from tests.stacks.aws.conftest import VARIANTS, environment_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stacks.aws.conftest import Synthesised

pytestmark = pytest.mark.slow

DEPLOYER = "whom CI deploys as"
SCANNED = (*VARIANTS, DEPLOYER)
LOCKED = Path(__file__).with_name("checkov.txt")
CHECKOV = REPOSITORY / ".mlops-infra" / "tools" / "checkov"


@pytest.fixture(scope="session")
def checkov() -> Path:
    """Checkov in an environment of its own: nothing else gets on with its old `packaging`."""
    folder = CHECKOV / sha256(LOCKED.read_bytes()).hexdigest()[:12]
    program = folder / "bin" / "checkov"
    if not program.exists():
        uv = [sys.executable, "-m", "uv"]
        shutil.rmtree(CHECKOV, ignore_errors=True)
        subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
        python = folder / "bin" / "python"
        subprocess.run(
            [*uv, "pip", "install", "--quiet", "--python", python, "--requirement", LOCKED],
            check=True,
        )
    return program


@pytest.fixture(scope="session")
def templates(
    synthesise: Callable[..., Synthesised], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Each variant's template in a file, and under `bare …` again without what is accepted."""
    folder, files = tmp_path_factory.mktemp("templates"), {}
    for variant in SCANNED:
        template = _made(variant, synthesise).template
        files[variant] = folder / f"{variant.replace(' ', '-')}.json"
        files[variant].write_text(json.dumps(template))
        for resource in template["Resources"].values():
            resource.pop("Metadata", None)
        files[f"bare {variant}"] = folder / f"bare-{variant.replace(' ', '-')}.json"
        files[f"bare {variant}"].write_text(json.dumps(template))
    return files


@pytest.mark.parametrize("variant", SCANNED)
def test_cdk_nag_finds_nothing_that_is_not_accepted(
    variant: str, synthesise: Callable[..., Synthesised]
) -> None:
    (report,) = _made(variant, synthesise).report["pluginReports"]
    assert _found(report["violations"]) == []
    assert report["suppressedViolations"], "cdk-nag has looked"


def test_cfn_lint_finds_nothing_that_is_not_accepted(templates: dict[str, Path]) -> None:
    assert _cfn_lint(templates, bare=False) == set()


def test_cfn_lint_would_find_what_is_accepted(templates: dict[str, Path]) -> None:
    accepted = {
        (variant, rule)
        for variant in SCANNED
        for each in _metadata(templates[variant])
        for rule in each.get("cfn-lint", {}).get("config", {}).get("ignore_checks", [])
    }
    assert accepted == _cfn_lint(templates, bare=True)


def test_checkov_finds_nothing_but_what_is_accepted(
    checkov: Path, templates: dict[str, Path]
) -> None:
    arguments = ["--framework", "cloudformation", "--skip-download", "--output", "json"]
    files = [word for file in templates.values() for word in ("--file", str(file))]
    done = subprocess.run(
        [checkov, *arguments, *files], capture_output=True, text=True, check=False, timeout=300
    )
    results = json.loads(done.stdout)["results"]
    failed = {_where(each) for each in results["failed_checks"]}
    found = {each for each in failed if not each[0].startswith("bare-")}
    assert found == set()
    accepted = {_where(each) for each in results["skipped_checks"]}
    would_fail = {(file.removeprefix("bare-"), *rest) for file, *rest in failed}
    assert accepted == would_fail, "what is accepted is what would be found"


@pytest.mark.parametrize("variant", SCANNED)
def test_each_accepted_finding_has_its_reason(variant: str, templates: dict[str, Path]) -> None:
    for each in _metadata(templates[variant]):
        for skip in each.get("checkov", {}).get("skip", []):
            assert len(skip["comment"]) > 20, skip
        assert ("cfn-lint" in each) == ("cfn-lint-reason" in each)


def test_what_is_accepted_is_written_down(
    templates: dict[str, Path], synthesise: Callable[..., Synthesised]
) -> None:
    document = (REPOSITORY / "docs" / "aws.md").read_text()
    rules = {
        skip["id"]
        for variant in SCANNED
        for each in _metadata(templates[variant])
        for skip in each.get("checkov", {}).get("skip", [])
    }
    for variant in SCANNED:
        (report,) = _made(variant, synthesise).report["pluginReports"]
        rules |= {rule.split("[")[0] for rule, _ in _found(report["suppressedViolations"])}
    assert {rule for rule in rules if rule.removeprefix("AwsSolutions-") not in document} == set()


def _made(variant: str, synthesise: Callable[..., Synthesised]) -> Synthesised:
    if variant == DEPLOYER:
        environment = environment_of("dev", ci={"github": "octo-org/ml"})
        return synthesise(environment, of_deployer=True, with_nag=True)
    return synthesise(environment_of(variant), with_nag=True)


def _found(violations: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [
        (each["ruleName"], construct["constructPath"])
        for each in violations
        for construct in each["violatingConstructs"]
    ]


def _metadata(file: Path) -> list[dict[str, Any]]:
    resources = json.loads(file.read_text())["Resources"].values()
    return [each.get("Metadata", {}) for each in resources]


def _cfn_lint(templates: dict[str, Path], *, bare: bool) -> set[tuple[str, str]]:
    """What cfn-lint says, by variant."""
    names = {f"bare {variant}" if bare else variant: variant for variant in SCANNED}
    program = Path(sys.executable).with_name("cfn-lint")
    files = [str(templates[name]) for name in names]
    done = subprocess.run(
        [program, "--format", "json", "--regions", "eu-west-1", "--template", *files],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    by_file = {str(templates[name]): variant for name, variant in names.items()}
    found = json.loads(done.stdout)
    return {(by_file[each["Filename"]], each["Rule"]["Id"]) for each in found}


def _where(check: dict[str, Any]) -> tuple[str, str, str]:
    return Path(check["file_path"]).stem, check["check_id"], check["resource"]
