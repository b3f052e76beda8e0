"""What the stack gives the provider is what Google's APIs know, by their discovery documents."""

from __future__ import annotations

import copy

import pytest

from tests.stacks.gcp.conftest import VARIANTS, environment_of, made
from tests.stacks.gcp.declared import ALARM, INSTANCE, NETWORK, SERVICE, SUBNET
from tests.stacks.gcp.discovery import DESCRIBED, NOT_DESCRIBED, mistakes
from tests.stacks.gcp.mutations import Edit


@pytest.mark.parametrize("variant", VARIANTS)
def test_google_knows_every_input(variant: str) -> None:
    for each in made(environment_of(variant)).program.resources:
        if each.token in DESCRIBED:
            assert list(mistakes(each.token, each.inputs)) == [], each.urn


def test_every_type_is_held_against_google_or_said_not_to_be() -> None:
    used = {
        each.token
        for variant in VARIANTS
        for each in made(environment_of(variant)).program.resources
        if each.token.startswith("gcp:")
    }
    assert used == DESCRIBED.keys() | NOT_DESCRIBED.keys()


@pytest.mark.parametrize(
    ("token", "path", "value"),
    [
        (SERVICE, "ingress", "INGRESS_TRAFFIC_EVERYBODY"),
        (SERVICE, "template.containers.1.startupProbe.httpGet", {"url": "/health"}),
        (SERVICE, "template.volumes.0.emptyDir.medium", "SSD"),
        (SERVICE, "scaling.minInstanceCount", "none"),
        (SERVICE, "template.vpcAccess.egress", "private-ranges-only"),
        (INSTANCE, "databaseVersion", "POSTGRES_18_1"),
        (INSTANCE, "settings.edition", "STANDARD"),
        (INSTANCE, "settings.ipConfiguration.sslMode", "REQUIRED"),
        (INSTANCE, "settings.diskSizeGb", 10),
        (ALARM, "conditions.0.conditionThreshold.comparison", "ABOVE"),
        (ALARM, "conditions.0.conditionThreshold.aggregations.0.perSeriesAligner", "MEAN"),
        (SUBNET, "logConfig.metadata", "ALL"),
        (NETWORK, "autoCreateSubnetworks", "no"),
    ],
)
def test_what_google_does_not_know_is_found(token: str, path: str, value: object) -> None:
    program = copy.deepcopy(made(environment_of("dev")).program)
    Edit(program).put(token, path, value)
    assert any(list(mistakes(token, each.inputs)) for each in program.all(token))
