"""What the stack does besides the controls: names, restores, images, what comes before what."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from mlops_infra.errors import UsageError
from mlops_infra.images import content
from mlops_infra.rehearsal.gcp.project import API
from mlops_infra.rehearsal.gcp.project import APIS as NEEDS
from stacks.gcp.image import FRONT, SERVER
from stacks.gcp.names import Names
from stacks.gcp.services import APIS
from tests.conftest import REPOSITORY
from tests.stacks.gcp.conftest import VARIANTS, environment_of, made
from tests.stacks.gcp.controls import violations
from tests.stacks.gcp.declared import (
    AUTHORIZATION,
    BUCKET,
    CERTIFICATE,
    INSTANCE,
    PRIVATE_CERTIFICATE,
    SERVICE,
    Declared,
)
from tests.stacks.registered import UNKNOWN

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stacks.registered import Program, Registered

pytestmark = pytest.mark.slow

STACK = REPOSITORY / "stacks" / "gcp"
DIGEST = f"sha256:{'5' * 64}"


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_plan_knows_every_output_before_anything_is_there(variant: str) -> None:
    found = made(environment_of(variant), is_preview=True).program
    unknown = {key for key, value in found.exports.items() if value == UNKNOWN}
    assert unknown <= {
        "admin_secret",
        "certificate_record",
        "front_address",
        "tracking_uri",
        "health_url",
    }
    assert found.secret_exports == frozenset()


@pytest.mark.parametrize("variant", VARIANTS)
def test_nothing_is_asked_of_an_api_that_is_not_on_yet(variant: str) -> None:
    found = made(environment_of(variant)).program
    for each in found.resources:
        module = each.token.split(":")[1].split("/")[0]
        if not each.token.startswith("gcp:") or each.token == API:
            continue
        first = {one.name for one in _before(found, each) if one.token == API}
        assert NEEDS[module] in first, each.urn
    assert {each.name for each in found.all(API)} == set(APIS)
    assert all(each["disableOnDestroy"] is False for each in found.all(API))


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_server_starts_after_all_that_it_needs(variant: str) -> None:
    found = made(environment_of(variant)).program
    first = {each.token for each in _before(found, found.one(SERVICE))}
    assert {
        "gcp:artifactregistry/repository:Repository",
        "gcp:secretmanager/secretIamMember:SecretIamMember",
        "gcp:secretmanager/secretVersion:SecretVersion",
        "gcp:servicenetworking/connection:Connection",
        "gcp:sql/user:User",
        "gcp:storage/bucketIAMMember:BucketIAMMember",
    } <= first


def test_a_restore_makes_a_new_database_of_the_backup() -> None:
    fresh = made(environment_of("prod")).program
    restored = made(environment_of("prod from a backup")).program
    assert restored.one(INSTANCE)["restoreBackupContext"] == {
        "backupRunId": 1700000000000,
        "instanceId": "mlops-prod",
        "project": "your-project-prod",
    }
    assert restored.one(INSTANCE).urn == fresh.one(INSTANCE).urn
    assert restored.one(INSTANCE)["name"] != fresh.one(INSTANCE)["name"], "or both could not be"
    assert restored.all("gcp:sql/database:Database") == [], "it comes with the backup"


def test_what_is_no_backup_of_cloud_sql_is_refused_with_what_lists_them() -> None:
    with pytest.raises(UsageError) as refused:
        made(environment_of("prod", database={"restore_from": "rds:mlops-final"}))
    assert "'rds:mlops-final' is no backup of Cloud SQL" in refused.value.message
    assert refused.value.hint.startswith("gcloud sql backups list")


def test_a_private_domain_tells_what_its_two_records_are() -> None:
    exports = made(environment_of("private prod with a domain")).program.exports
    assert exports["tracking_uri"] == "https://mlflow.example.com"
    assert exports["front_address"] == "10.0.0.5"
    assert exports["certificate_record"] == "_acme-challenge_x.mlflow.example.com. CNAME y."


@pytest.mark.parametrize(
    ("variant", "kinds"),
    [
        ("prod with a domain", [CERTIFICATE]),
        ("private prod with a domain", [PRIVATE_CERTIFICATE, AUTHORIZATION]),
    ],
)
def test_what_another_domain_needs_is_made_beside_what_the_load_balancer_has(
    variant: str, kinds: list[str]
) -> None:
    before, after = (
        made(environment_of(variant, access={"domain": domain})).program
        for domain in ("mlflow.example.com", "models.example.com")
    )
    for kind in kinds:
        assert after.one(kind)["name"] != before.one(kind)["name"], "or both could not be"
        assert after.one(kind).request.deleteBeforeReplaceDefined
        assert not after.one(kind).request.deleteBeforeReplace


def test_a_prebuilt_image_is_taken_and_only_the_front_is_built() -> None:
    image = f"ghcr.io/team/mlflow@{DIGEST}"
    found = made(environment_of("dev", image=image))
    declared = Declared(found.program)
    assert declared.server["image"] == image
    assert declared.front["image"].endswith(f"/mlops-dev/front:{content(FRONT)}")
    assert violations(15, found.program, found.environment) == []


def test_a_prebuilt_image_pinned_by_its_tag_only_is_a_violation() -> None:
    found = made(environment_of("dev", image="ghcr.io/team/mlflow:3.17"))
    assert len(violations(15, found.program, found.environment)) == 1


def test_an_image_has_another_tag_when_a_file_of_it_changes(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    before = content(tmp_path)
    (tmp_path / "a").write_text("2")
    assert content(tmp_path) != before


@pytest.mark.parametrize("context", [FRONT, SERVER])
def test_an_image_is_not_run_by_root(context: Path) -> None:
    users = re.findall(r"^USER (\S+)$", (context / "Dockerfile").read_text(), re.MULTILINE)
    assert users[-1] == "10001:10001"


def test_labels_are_what_google_takes() -> None:
    tags = {"Cost Unit": "ML & Data", "1st": "x" * 100}
    names = Names(
        environment=environment_of("dev", tags=tags, owner="ML Platform <ml@example.com>")
    )
    assert names.labels == {
        "cost-center": "ml",
        "cost-unit": "ml---data",
        "tag-1st": "x" * 63,
        "project": "mlops",
        "environment": "dev",
        "owner": "ml-platform--ml-example-com-",
    }


def test_the_longest_names_are_short_enough_and_still_differ() -> None:
    changes = {"project": "a" * 16}
    longest = [
        Names(environment=environment_of(variant, name="b" * 15 + last, **changes))
        for variant, last in (("dev", "x"), ("dev", "y"))
    ]
    for names in longest:
        assert len(names.base) == 33
        assert re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", names.account)
        assert len(names.bucket) <= 63
        assert len(f"{names.base}-123456789012") <= 63, "or Cloud Run has no name to foretell"
    assert len({names.account for names in longest}) == 2


def test_one_name_in_two_projects_is_two_buckets() -> None:
    gcp = {"project": "another-project"}
    buckets = {
        made(environment).program.one(BUCKET)["name"]
        for environment in (environment_of("dev"), environment_of("dev", gcp=gcp))
    }
    assert len(buckets) == 2


def test_the_documented_resources_are_those_that_are_registered() -> None:
    counts = {
        variant: Counter(
            each.token.removeprefix("gcp:")
            for each in made(environment_of(variant)).program.resources
            if each.token.startswith(("gcp:", "random:"))
        )
        for variant in ("dev", "staging", "prod")
    }
    rows = [
        f"| `{kind}` | {' | '.join(str(count[kind]) for count in counts.values())} |"
        for kind in sorted(set().union(*counts.values()))
    ]
    rows.append(f"| all | {' | '.join(str(count.total()) for count in counts.values())} |")
    document = (REPOSITORY / "docs" / "gcp.md").read_text()
    table = document.split("|---|---|---|---|\n")[1].split("\n\n")[0].splitlines()
    assert table == rows


def _before(program: Program, resource: Registered) -> list[Registered]:
    """Return all that a resource waits for, directly or not."""
    found: dict[str, Registered] = {}
    left = [resource]
    while left:
        for urn in left.pop().depends_on - found.keys():
            one = next((each for each in program.resources if each.urn == urn), None)
            if one is not None:
                found[urn] = one
                left.append(one)
    return list(found.values())
