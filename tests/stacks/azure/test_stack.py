"""What the stack does besides the controls: restores, images, names, what it refuses."""

from __future__ import annotations

import copy
import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from mlops_infra.errors import UsageError
from mlops_infra.images import content
from mlops_infra.rehearsal.azure import PROVIDER
from mlops_infra.rehearsal.pulumi import random
from mlops_infra.rehearsal.pulumi.cloud import Cloud
from mlops_infra.rehearsal.pulumi.lifecycle import Lifecycle
from stacks.azure import limits
from stacks.azure.image import CONTEXT
from stacks.azure.names import Names
from tests.conftest import REPOSITORY
from tests.stacks import scorecard
from tests.stacks.azure.conftest import environment_of
from tests.stacks.azure.controls import violations

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlops_infra.config.models import Environment
    from tests.stacks.azure.conftest import Declared
    from tests.stacks.azure.declared import Item

    Declare = Callable[[Environment], Declared]

pytestmark = pytest.mark.slow

EARLIER = "mlops-prod-abc123@2026-11-20T10:00:00Z"
DIGEST = f"sha256:{'5' * 64}"
LONG = "abcdefgh-jklmnop"
TYPES = {
    each.token.removeprefix("azure-native:"): each
    for each in (*PROVIDER.types, *random.PROVIDER.types)
}


def test_a_restore_makes_a_new_database_of_another_at_that_moment(declare: Declare) -> None:
    fresh = declare(environment_of("prod")).stack
    restored = declare(environment_of("prod as it was")).stack
    server = restored.database
    assert server["createMode"] == "PointInTimeRestore"
    assert server["pointInTimeUTC"] == "2026-11-20T10:00:00Z"
    assert server["sourceServerResourceId"].endswith(
        "/mlops-prod-data/providers/Microsoft.DBforPostgreSQL/flexibleServers/mlops-prod-abc123"
    )
    assert server.name == fresh.database.name
    assert server["serverName"] != fresh.database["serverName"], "or it could not be made"
    assert restored.all("dbforpostgresql:Database") == [], "it comes with the rest"
    assert restored.variables["PGHOST"].startswith(f"{server['serverName']}.")


@pytest.mark.parametrize(
    "restore_from", ["mlops-prod-abc123", "mlops-prod-abc123@yesterday", "snapshot-1a2b3c", "A@b"]
)
def test_a_restore_from_what_azure_does_not_have_is_refused(restore_from: str) -> None:
    with pytest.raises(UsageError, match=re.escape(f"'{restore_from}'")) as found:
        _refused(environment_of("prod", database={"restore_from": restore_from}))
    assert "SERVER@2026-11-20T10:00:00Z" in str(found.value)


def test_a_private_front_door_has_no_domain_of_its_own() -> None:
    access = {"exposure": "private", "domain": "mlflow.example.com"}
    environment = environment_of("staging", access=access, cloud="azure", aws=None, gcp=None)
    with pytest.raises(UsageError, match=r"mlflow\.example\.com cannot be served privately"):
        _refused(environment)


def test_ipv6_networks_alone_would_let_nobody_in() -> None:
    access = {"allowed_cidrs": ["2001:db8::/32"]}
    environment = environment_of("prod", access=access, cloud="azure", aws=None, gcp=None)
    with pytest.raises(UsageError, match="2001:db8::/32 let nobody in"):
        _refused(environment)


@pytest.mark.parametrize("change", [(True, False), (False, True)], ids=["goes", "comes"])
def test_protection_comes_and_goes_by_what_azure_can_change(
    change: tuple[bool, bool], tmp_path: Path, declare: Declare
) -> None:
    before, after = (
        declare(environment_of("prod", protected=is_protected)).stack for is_protected in change
    )
    cloud = Cloud(tmp_path / "cloud.db")
    for each in before.items:
        _lives(each, cloud).create(each.inputs)
    changed = set()
    for each in after.items:
        made = before.at(each.id)
        if made is None:
            continue
        inputs = copy.deepcopy(each.inputs)
        for path in each.ignored:
            (inner, key), (old, _) = scorecard.slot(inputs, path), scorecard.slot(made.inputs, path)
            inner.update({key: old[key]} if key in old else {})
        if inputs != made.inputs:
            _lives(each, cloud).update(each.id, inputs, before.outputs[each.id])
            changed.add(each.kind)
    assert "operationalinsights:Workspace" in changed
    assert changed.isdisjoint({"storage:StorageAccount", "keyvault:Vault"})


def _lives(item: Item, cloud: Cloud) -> Lifecycle:
    azure = environment_of("prod").azure
    assert azure is not None
    config = {"subscriptionId": azure.subscription_id}
    return Lifecycle(kind=TYPES[item.kind], cloud=cloud, config=config)


def test_an_environment_without_azure_is_refused() -> None:
    with pytest.raises(UsageError, match="no section 'azure'"):
        _refused(environment_of("dev", azure=None))


def _refused(environment: Environment) -> None:
    names = Names(environment=environment)
    limits.check(names)
    assert names.suffix


def test_the_longest_names_are_names_that_azure_takes(declare: Declare) -> None:
    # The emulated provider refuses any that is not.
    environment = environment_of("dev", project=LONG).model_copy(update={"name": LONG})
    stack = declare(environment).stack
    names = Names(environment=environment)
    assert stack.account["accountName"] == names.storage_account
    assert len(names.storage_account) == 24
    assert len(names.vault) <= 24
    assert len(names.registry) <= 50
    assert len(names.server) <= 63


def test_names_follow_from_the_file_alone() -> None:
    first, second = (Names(environment=environment_of("prod")) for _ in range(2))
    assert first.vault == second.vault
    assert environment_of("prod").azure is not None
    other = environment_of(
        "prod", azure={"subscription_id": f"{'1' * 8}-1111-1111-1111-{'1' * 12}"}
    )
    assert Names(environment=other).vault != first.vault


def test_a_prebuilt_image_needs_no_registry_of_ours(declare: Declare) -> None:
    stack = declare(environment_of("dev", image=f"ghcr.io/team/mlflow@{DIGEST}")).stack
    assert stack.all("containerregistry:Registry") == []
    assert stack.app.get("configuration.registries") is None
    assert stack.app["template"]["containers"][0]["image"] == f"ghcr.io/team/mlflow@{DIGEST}"


def test_a_prebuilt_image_in_azure_is_pulled_with_the_platforms_identity(declare: Declare) -> None:
    stack = declare(environment_of("dev", image=f"team.azurecr.io/mlflow@{DIGEST}")).stack
    (registry,) = stack.app.get("configuration.registries")
    assert registry["server"] == "team.azurecr.io"
    assert registry["identity"].endswith("/mlops-dev-starter")


def test_a_prebuilt_image_pinned_by_its_tag_only_is_a_violation(declare: Declare) -> None:
    for image, found in (("ghcr.io/team/mlflow:3.17", 1), (f"ghcr.io/team/mlflow@{DIGEST}", 0)):
        made = declare(environment_of("dev", image=image))
        assert len(violations(15, made.stack, made.environment)) == found


def test_an_image_is_tagged_by_its_files_content(declare: Declare) -> None:
    image = declare(environment_of("dev")).stack.app["template"]["containers"][0]["image"]
    assert image.endswith(f":{content(CONTEXT)}")


def test_without_auth_there_is_no_administrator(declare: Declare) -> None:
    stack = declare(environment_of("private dev without auth")).stack
    assert "admin_secret" not in stack.exports
    assert set(stack.secret_variables) == {"PGPASSWORD", "MLFLOW_CRYPTO_KEK_PASSPHRASE"}


def test_what_every_cloud_tells_is_told(declare: Declare) -> None:
    stack = declare(environment_of("prod")).stack
    front = stack.exports["tracking_uri"]
    assert stack.exports["health_url"] == f"{front}/health"
    assert stack.exports["artifact_uri"] == stack.variables["MLFLOW_ARTIFACTS_DESTINATION"]
    assert stack.exports["mlflow_version"] == "3.17.2"
    assert stack.exports["admin_secret"].endswith(
        f"/secrets/{stack.secret_variables['MLFLOW_AUTH_ADMIN_PASSWORD']}"
    )


def test_the_documented_resources_are_those_that_are_registered(declare: Declare) -> None:
    counts = {
        variant: Counter(each.kind for each in declare(environment_of(variant)).stack.items)
        for variant in ("dev", "staging", "prod")
    }
    rows = [
        f"| `{kind}` | {' | '.join(str(count[kind]) for count in counts.values())} |"
        for kind in sorted(set().union(*counts.values()))
    ]
    rows.append(f"| all | {' | '.join(str(count.total()) for count in counts.values())} |")
    document = (REPOSITORY / "docs" / "azure.md").read_text()
    table = document.split("|---|---|---|---|\n")[1].split("\n\n")[0].splitlines()
    assert table == rows
