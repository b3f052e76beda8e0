"""Control 18 on Azure: whose tokens become the identity that CI deploys as, and what it may do."""

from __future__ import annotations

import copy
import re
from fnmatch import fnmatch
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from mlops_infra.engines.pulumi.clouds import azure_needs, ids
from mlops_infra.engines.pulumi.clouds.azure_needs import GRANTS, LOCKS
from mlops_infra.rehearsal.azure import PROVIDER
from mlops_infra.rehearsal.pulumi.schema import mistakes
from stacks.azure.bootstrap import program
from tests.stacks import github
from tests.stacks.azure.conftest import VARIANTS, environment_of
from tests.stacks.azure.declared import NATIVE
from tests.stacks.registered import Program, register

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlops_infra.config.models import Environment
    from tests.stacks.azure.conftest import Declared
    from tests.stacks.github import Claims

pytestmark = pytest.mark.slow

AUDIENCE = "api://AzureADTokenExchange"
CREDENTIAL = f"{NATIVE}managedidentity:FederatedIdentityCredential"
ASSIGNMENT = f"{NATIVE}authorization:RoleAssignment"
ROLE = f"{NATIVE}authorization:RoleDefinition"
SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
STATE = f"{SUBSCRIPTION}/resourceGroups/yourstateaccount/providers"
PRINCIPAL, CLIENT = "the identity", "the identity's application"
TYPES = {each.token: each for each in PROVIDER.types}


@cache
def declared(repository: str = github.BY_NAME, name: str = "dev") -> Program:
    environment = environment_of(name, ci={"github": repository})
    config = {"subscriptionId": SUBSCRIPTION.rpartition("/")[2]}
    client = {"clientId": "me", "objectId": "me", "tenantId": "tenant", "subscriptionId": "s"}
    return register(
        lambda: program(environment),
        project=environment.project,
        stack=environment.name,
        compute=lambda kind, _, inputs: {
            "id": ids.id_of(kind, inputs, config) or "provider",
            "principalId": inputs.get("principalId", PRINCIPAL),
            "clientId": CLIENT,
        },
        invoke={"azure-native:authorization:getClientConfig": lambda _: client},
    )


def admits(credential: dict[str, Any], claims: Claims) -> bool:
    """Compare as Entra does: letter by letter.

    https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations
    """
    return (
        claims["iss"] == credential["issuer"]
        and claims["sub"] == credential["subject"]
        and credential["audiences"] == [claims["aud"]]
    )


@pytest.fixture(params=[github.BY_NAME, github.BY_ID])
def repository(request: pytest.FixtureRequest) -> str:
    return request.param


def test_the_repository_in_its_environment_gets_in(repository: str) -> None:
    credential = declared(repository).one(CREDENTIAL).inputs
    is_immutable = repository == github.BY_ID
    assert admits(credential, github.claims(AUDIENCE, is_immutable=is_immutable))
    assert not admits(credential, github.claims(AUDIENCE, is_immutable=not is_immutable))


@pytest.mark.parametrize("what", github.REFUSED)
def test_nobody_else_gets_in(what: str, repository: str) -> None:
    credential = copy.deepcopy(declared(repository).one(CREDENTIAL).inputs)
    claims = github.refused(what, AUDIENCE, is_immutable=repository == github.BY_ID)
    assert not admits(credential, claims)
    loosened = {"subject": claims["sub"], "issuer": claims["iss"], "audiences": [claims["aud"]]}
    assert admits({**credential, **loosened}, claims), "nothing else keeps it out"


def test_with_ids_a_repository_that_is_made_anew_does_not_get_in() -> None:
    credential = declared(github.BY_ID).one(CREDENTIAL).inputs
    assert not admits(credential, github.claims(AUDIENCE, is_immutable=True, ids=github.REUSED))


def test_there_is_one_way_in_and_no_key() -> None:
    program = declared()
    assert len(program.all(CREDENTIAL)) == 1
    assert program.one(CREDENTIAL)["resourceName"] == "ci-mlops-dev"
    assert program.exports["ci_variables"] == {
        "AZURE_CLIENT_ID": CLIENT,
        "AZURE_TENANT_ID": "tenant",
        "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION.rpartition("/")[2],
    }


def test_it_may_use_the_state_s_container_and_key_and_deploy_in_its_subscription() -> None:
    given = {
        each["scope"]: each["roleDefinitionId"].rpartition("/")[2]
        for each in declared().all(ASSIGNMENT)
        if each["principalId"] == PRINCIPAL
    }
    container = "Microsoft.Storage/storageAccounts/yourstateaccount/blobServices/default"
    assert given == {
        SUBSCRIPTION: declared().one(ROLE)["roleDefinitionId"],
        f"{STATE}/{container}/containers/pulumi": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        f"{STATE}/Microsoft.KeyVault/vaults/your-vault/keys/pulumi": (
            "12338af0-0e69-4776-bea7-57ae8d297424"
        ),
    }


def test_environments_share_no_identity_no_role_and_no_assignment() -> None:
    def own(name: str) -> set[str]:
        kinds = (f"{NATIVE}managedidentity:UserAssignedIdentity", CREDENTIAL, ROLE, ASSIGNMENT)
        found = [each for kind in kinds for each in declared(name=name).all(kind)]
        return {
            ids.id_of(each.token, each.inputs, {"subscriptionId": SUBSCRIPTION}) or ""
            for each in found
            if each.get("principalId", PRINCIPAL) == PRINCIPAL
        }

    assert len(own("dev")) == 6
    assert own("dev").isdisjoint(own("prod"))


def may(action: str, permissions: dict[str, Any]) -> bool:
    """Say whether a role's permissions have an action; letters of either case are one."""

    def has(patterns: list[str]) -> bool:
        return any(fnmatch(action.lower(), each.lower()) for each in patterns)

    return has(permissions["actions"]) and not has(permissions["notActions"])


@pytest.fixture(scope="module")
def deploys() -> dict[str, Any]:
    (permissions,) = declared().one(ROLE)["permissions"]
    return permissions


def arm_types(declare: Callable[[Environment], Declared]) -> set[str]:
    """Return what Azure calls the types of all that the stack declares."""
    found = {"Microsoft.Resources/subscriptions/resourceGroups"}
    for each in (each for name in VARIANTS for each in declare(environment_of(name)).stack.items):
        _, within, path = each.id.rpartition("/providers/")
        if within:
            namespace, *rest = path.split("/")
            found.add("/".join([namespace, *rest[::2]]))
    return found


def test_it_may_make_change_and_delete_all_of_the_stack(
    deploys: dict[str, Any], declare: Callable[[Environment], Declared]
) -> None:
    types = arm_types(declare)
    assert len(types) > 20
    refused = {
        f"{each}/{verb}"
        for each in types
        for verb in ("read", "write", "delete")
        if not may(f"{each}/{verb}", deploys)
    }
    assert refused == set()
    used = {each.partition("/")[0] for each in types}
    assert {each.partition("/")[0] for each in deploys["actions"]} == used


def test_it_may_ask_what_a_deploy_asks_before_it_begins(deploys: dict[str, Any]) -> None:
    for each in ("read", "providers/read"):
        assert may(f"Microsoft.Resources/subscriptions/{each}", deploys)
    needed = [f"{each}/write" for each in (*azure_needs.MAKES, GRANTS, LOCKS)]
    assert [each for each in needed if not may(each, deploys)] == []


@pytest.mark.parametrize(
    "action",
    [
        "Microsoft.Compute/virtualMachines/write",
        "Microsoft.Authorization/roleDefinitions/write",
        "Microsoft.Authorization/policyAssignments/write",
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
        "Microsoft.Resources/deployments/write",
        "Microsoft.Resources/subscriptions/delete",
        "Microsoft.Storage/storageAccounts/listKeys/action",
        "Microsoft.Subscription/cancel/action",
    ],
)
def test_it_may_do_nothing_that_a_deploy_does_not(deploys: dict[str, Any], action: str) -> None:
    assert not may(action, deploys)
    assert not deploys.get("dataActions")
    assert may(action, {"actions": ["*"], "notActions": []}), "an owner may"


def test_it_may_give_the_roles_that_the_stack_gives_and_no_other(
    declare: Callable[[Environment], Declared],
) -> None:
    (deploying,) = (each for each in declared().all(ASSIGNMENT) if each["scope"] == SUBSCRIPTION)
    given = {
        each["roleDefinitionId"].rpartition("/")[2]
        for name in VARIANTS
        for each in declare(environment_of(name)).stack.all("authorization:RoleAssignment")
    }
    condition = deploying["condition"]
    lists = re.findall(r"GuidEquals \{([^}]+)\}", condition)
    assert [set(each.split(", ")) for each in lists] == [given, given], "to give and to take"
    assert condition.count("StringEqualsIgnoreCase {'ServicePrincipal'}") == 2
    assert deploying["conditionVersion"] == "2.0"


def test_the_provider_takes_all_of_it() -> None:
    program = declared()
    made = [each for each in program.resources if each.token in TYPES]
    assert [list(mistakes(TYPES[each.token], each.inputs)) for each in made] == [[]] * len(made)
    assert None not in {ids.id_of(each.token, each.inputs, {"subscriptionId": ""}) for each in made}


def test_without_a_repository_there_is_none_of_it() -> None:
    environment = environment_of("dev")
    client = {"clientId": "me", "objectId": "me", "tenantId": "tenant", "subscriptionId": "s"}
    found = register(
        lambda: program(environment),
        project=environment.project,
        stack=environment.name,
        invoke={"azure-native:authorization:getClientConfig": lambda _: client},
    )
    assert found.all(CREDENTIAL) == found.all(ROLE) == []
    assert len(found.all(ASSIGNMENT)) == 2, "those of whoever runs it"
    assert found.exports == {}
