"""What a killed deploy was making on Google Cloud is found again, by the id that it has there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_infra.engines.pulumi.clouds import ids
from mlops_infra.rehearsal.gcp import PROVIDER
from mlops_infra.rehearsal.pulumi.cloud import Cloud
from mlops_infra.rehearsal.pulumi.description import Call
from tests.stacks.gcp.conftest import VARIANTS, environment_of, made

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stacks.registered import Registered

pytestmark = pytest.mark.slow

BOOTSTRAP = {
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool",
    "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider",
    "gcp:kms/cryptoKey:CryptoKey",
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
    "gcp:kms/keyRing:KeyRing",
    "gcp:projects/iAMMember:IAMMember",
    "gcp:projects/service:Service",
    "gcp:serviceaccount/iAMMember:IAMMember",
    "gcp:storage/bucketIAMMember:BucketIAMMember",
}
"""What a bootstrap asks for by its id, to show only what is missing."""

VERSION = "gcp:secretmanager/secretVersion:SecretVersion"
TYPES = {each.token: each for each in PROVIDER.types}


def registered(variant: str) -> list[Registered]:
    """Return what the provider is asked to make."""
    found = made(environment_of(variant)).program.resources
    return [each for each in found if each.token.startswith("gcp:")]


def test_every_type_is_found_by_its_names_or_made_again_or_numbered_by_google() -> None:
    kinds = {each.token for variant in VARIANTS for each in registered(variant)}
    patterns = {kind for kind in ids.PATTERNS if kind.startswith("gcp:")} - BOOTSTRAP
    repeatable = {kind for kind in kinds if ids.is_repeatable(kind)}
    assert kinds == patterns | repeatable | ids.NUMBERED.keys()
    assert patterns.isdisjoint(repeatable | ids.NUMBERED.keys())
    unused = [each for each in ids.REPEATABLE if not any(kind.startswith(each) for kind in kinds)]
    assert unused == ["pulumi:", "random:"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_id_is_the_one_that_the_provider_makes(variant: str, tmp_path: Path) -> None:
    provider = made(environment_of(variant)).program.one("pulumi:providers:gcp").inputs
    cloud = Cloud(tmp_path / "cloud.db")
    named = [
        each
        for each in registered(variant)
        if each.token in ids.PATTERNS and not ids.is_repeatable(each.token)
    ]
    expected = {
        each.urn: TYPES[each.token].id(Call(inputs=each.inputs, config=provider, cloud=cloud))
        for each in named
    }
    assert {each.urn: ids.id_of(each.token, each.inputs, provider) for each in named} == expected


def test_what_may_be_made_again_the_emulated_provider_takes_over() -> None:
    refused = {
        kind
        for kind, each in TYPES.items()
        if ids.is_repeatable(kind) and not each.takes_over and each.is_in_cloud
    }
    assert refused == {VERSION}, "each version is one more, and the newest counts"
