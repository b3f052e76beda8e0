"""Control 18 on Google Cloud: whose tokens become the account of CI, and what it may do."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import cel
import pytest

from mlops_infra.engines.pulumi.clouds import gcp_needs, ids
from mlops_infra.rehearsal.gcp import PROVIDER
from mlops_infra.rehearsal.pulumi.cloud import Cloud
from mlops_infra.rehearsal.pulumi.description import Call
from mlops_infra.rehearsal.pulumi.schema import mistakes
from stacks.gcp.bootstrap import program
from tests.stacks import github
from tests.stacks.gcp.conftest import NUMBER, VARIANTS, environment_of, made
from tests.stacks.registered import Program, register

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.stacks.github import Claims

pytestmark = pytest.mark.slow

POOL = f"projects/{NUMBER}/locations/global/workloadIdentityPools/ci-mlops-dev"
PROVIDER_NAME = f"{POOL}/providers/github"
AUDIENCE = f"https://iam.googleapis.com/{PROVIDER_NAME}"
ACCOUNT = "ci-mlops-dev@your-project-dev.iam.gserviceaccount.com"
TYPES = {each.token: each for each in PROVIDER.types}
IN_POOL = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"
ACTS_AS = "gcp:serviceaccount/iAMMember:IAMMember"
IN_PROJECT = "gcp:projects/iAMMember:IAMMember"
ON_BUCKET = "gcp:storage/bucketIAMMember:BucketIAMMember"
ON_KEY = "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"
LONGEST_SUBJECT = 127
"""https://cloud.google.com/iam/docs/workload-identity-federation#mapping"""

INVOKE = {
    "gcp:storage/getProjectServiceAccount:getProjectServiceAccount": lambda _: {
        "emailAddress": f"service-{NUMBER}@gs-project-accounts.iam.gserviceaccount.com"
    }
}
ROLES = {
    "artifactregistry": {"artifactregistry.admin"},
    "certificatemanager": {"certificatemanager.admin"},
    "cloudrunv2": {"run.admin", "iam.serviceAccountUser"},
    "compute": {"compute.networkAdmin", "compute.loadBalancerAdmin", "compute.securityAdmin"},
    "logging": {"logging.configWriter"},
    "monitoring": {"monitoring.alertPolicyEditor", "monitoring.notificationChannelEditor"},
    "projects": {"serviceusage.serviceUsageAdmin"},
    "secretmanager": {"secretmanager.admin"},
    "serviceaccount": {"iam.serviceAccountAdmin"},
    "servicenetworking": {"servicenetworking.networksAdmin"},
    "sql": {"cloudsql.admin"},
    "storage": {"storage.admin"},
}
"""What makes the resources of each of the provider's modules."""


@cache
def declared(
    repository: str = github.BY_NAME, name: str = "dev", project: str = "mlops"
) -> Program:
    environment = environment_of(name, ci={"github": repository}, project=project)
    return register(
        lambda: program(environment),
        project=environment.project,
        stack=environment.name,
        invoke=INVOKE,
    )


class Trust(NamedTuple):
    """What lets a token in: the pool's provider, and who of the pool may act as the account."""

    provider: dict[str, Any]
    member: str

    def admits(self, claims: Claims) -> bool:
        """Decide as Google's token service does, then as the account's policy does."""
        wanted = self.provider["oidc"].get("allowedAudiences", [AUDIENCE])
        if claims["iss"] != self.provider["oidc"]["issuerUri"] or claims["aud"] not in wanted:
            return False
        known: dict[str, Any] = {"assertion": claims}
        try:
            mapped = {
                key: cel.evaluate(expression, known)
                for key, expression in self.provider["attributeMapping"].items()
            }
            is_let_in = cel.evaluate(self.provider["attributeCondition"], known)
        except KeyError:  # a claim that the token has not
            return False
        assert len(mapped["google.subject"]) <= LONGEST_SUBJECT
        principals = {f"principalSet://iam.googleapis.com/{POOL}/*"} | {
            f"principalSet://iam.googleapis.com/{POOL}/{key}/{value}"
            for key, value in mapped.items()
            if key.startswith("attribute.")
        }
        return is_let_in is True and self.member in principals

    def with_condition(self, condition: str) -> Trust:
        return self._replace(provider={**self.provider, "attributeCondition": condition})

    def with_everybody(self) -> Trust:
        return self._replace(member=f"principalSet://iam.googleapis.com/{POOL}/*")

    def with_oidc(self, **changes: object) -> Trust:
        return self._replace(provider={**self.provider, "oidc": self.provider["oidc"] | changes})

    def mapping(self, **attributes: str) -> Trust:
        found = {"google.subject": "assertion.sub"}
        found |= {f"attribute.{key}": value for key, value in attributes.items()}
        return self._replace(provider={**self.provider, "attributeMapping": found})


def trust(repository: str = github.BY_NAME) -> Trust:
    program = declared(repository)
    return Trust(program.one(IN_POOL).inputs, program.one(ACTS_AS)["member"])


ANY_ENVIRONMENT = "assertion.repository == 'octo-org/ml'"
ANY_REPOSITORY = "assertion.environment == 'dev'"


def _without_environment(found: Trust) -> Trust:
    return found.mapping().with_everybody().with_condition(ANY_ENVIRONMENT)


def _without_repository(found: Trust) -> Trust:
    return found.with_everybody().with_condition(ANY_REPOSITORY)


LOOSENED: dict[str, Callable[[Trust], Trust]] = {
    **dict.fromkeys(github.REFUSED, _without_environment),
    "another repository": _without_repository,
    "a repository that is called alike": _without_repository,
    "the same name of another owner": _without_repository,
    "an owner that is called alike": _without_repository,
    "another issuer": lambda found: found.with_oidc(issuerUri="https://gitlab.example.com"),
    github.ANOTHER_AUDIENCE: lambda found: found.with_oidc(
        allowedAudiences=["https://github.com/octo-org"]
    ),
}
"""What somebody would have changed for such a token to get in."""


@pytest.fixture(params=[github.BY_NAME, github.BY_ID])
def repository(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.mark.parametrize("is_immutable", [False, True])
def test_the_repository_in_its_environment_gets_in(repository: str, is_immutable: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert trust(repository).admits(github.claims(AUDIENCE, is_immutable=is_immutable))


@pytest.mark.parametrize("what", github.REFUSED)
def test_nobody_else_gets_in(what: str, repository: str) -> None:
    claims = github.refused(what, AUDIENCE, is_immutable=False)
    found = trust(repository)
    assert not found.admits(claims)
    assert LOOSENED[what](found).admits(claims), "nothing else keeps it out"


def test_condition_and_policy_each_keep_others_out() -> None:
    for what in ("another repository", "another environment"):
        claims = github.refused(what, AUDIENCE, is_immutable=False)
        assert not trust().with_everybody().admits(claims)
        assert not trust().with_condition("assertion.repository != ''").admits(claims)
        loosened = trust().with_everybody().with_condition("assertion.repository != ''")
        assert loosened.admits(claims)


def test_with_ids_a_repository_that_is_made_anew_does_not_get_in() -> None:
    claims = github.claims(AUDIENCE, ids=github.REUSED)
    assert trust(github.BY_NAME).admits(claims)
    assert not trust(github.BY_ID).admits(claims)


def test_the_longest_names_make_no_subject_that_google_refuses() -> None:
    repository = f"{'o' * 39}/{'n' * 100}"
    claims = github.claims(AUDIENCE, repository=repository, ids=("1" * 20, "2" * 20))
    assert trust(repository).admits(claims)


def test_there_is_one_way_in_and_no_key() -> None:
    program = declared()
    assert program.one(ACTS_AS)["role"] == "roles/iam.workloadIdentityUser"
    assert program.one(ACTS_AS)["serviceAccountId"].endswith(f"/{ACCOUNT}")
    assert not [each for each in program.resources if "key:Key" in each.token]
    assert program.exports["ci_variables"] == {
        "GCP_WORKLOAD_IDENTITY_PROVIDER": PROVIDER_NAME,
        "GCP_SERVICE_ACCOUNT": ACCOUNT,
    }


def test_it_may_make_what_the_stack_is_made_of_and_no_more() -> None:
    modules = {
        each.token.split(":")[1].partition("/")[0]
        for variant in VARIANTS
        for each in made(environment_of(variant)).program.resources
        if each.token.startswith("gcp:")
    }
    assert modules == ROLES.keys()
    given = [each["role"].removeprefix("roles/") for each in declared().all(IN_PROJECT)]
    assert set(given) == set.union(*ROLES.values())
    assert len(given) == len(set(given))
    assert set(given) >= gcp_needs.ROLES.keys() | gcp_needs.ROLES_OF_DOMAIN.keys()


def test_it_is_let_into_its_project_its_state_and_its_key_alone() -> None:
    program = declared()
    assert {each["project"] for each in program.all(IN_PROJECT)} == {"your-project-dev"}
    bucket, key = program.one(ON_BUCKET), program.one(ON_KEY)
    assert (bucket["bucket"], bucket["role"]) == (
        "your-project-dev-pulumi",
        "roles/storage.objectUser",
    )
    assert key["cryptoKeyId"] == program.one("gcp:kms/cryptoKey:CryptoKey")["keyRing"] + (
        "/cryptoKeys/pulumi"
    )
    assert key["role"] == "roles/cloudkms.cryptoKeyEncrypterDecrypter"
    grants = [*program.all(IN_PROJECT), bucket, key]
    assert {each["member"] for each in grants} == {f"serviceAccount:{ACCOUNT}"}


@pytest.mark.parametrize(
    ("project", "name"),
    [("mlops", "dev"), ("gcp", "dev"), ("a-project-123456", "prod"), ("p" * 16, "staging")],
)
def test_google_takes_the_names(project: str, name: str, tmp_path: Path) -> None:
    program = declared(name=name, project=project)
    config = program.one("pulumi:providers:gcp").inputs
    cloud = Cloud(tmp_path / "cloud.db")
    for each in (each for each in program.resources if each.token in TYPES):
        kind = TYPES[each.token]
        assert list(mistakes(kind, each.inputs)) == []
        call = Call(inputs=each.inputs, config=config, cloud=cloud)
        assert kind.id(call) == ids.id_of(each.token, each.inputs, config)
    pool = program.one("gcp:iam/workloadIdentityPool:WorkloadIdentityPool")
    assert not pool["workloadIdentityPoolId"].startswith("gcp-")
    assert 6 <= len(pool["workloadIdentityPoolId"]) <= 30


def test_environments_share_no_account_and_no_pool() -> None:
    def own(name: str) -> set[str]:
        found = declared(name=name)
        return {
            found.one("gcp:serviceaccount/account:Account")["accountId"],
            found.one(ACTS_AS)["member"],
        }

    assert own("dev").isdisjoint(own("prod"))


def test_without_a_repository_there_is_none_of_it() -> None:
    environment = environment_of("dev")
    found = register(lambda: program(environment), project="mlops", stack="dev")
    assert {each.token for each in found.resources} == {
        "pulumi:providers:gcp",
        "gcp:projects/service:Service",
        "gcp:storage/bucket:Bucket",
        "gcp:kms/keyRing:KeyRing",
        "gcp:kms/cryptoKey:CryptoKey",
    }
    assert found.exports == {}
