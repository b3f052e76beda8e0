"""Control 18 on AWS: whose tokens become the role that CI deploys as, and what it may do."""

from __future__ import annotations

import copy
import json
from fnmatch import fnmatchcase
from functools import cache
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tests.stacks import github
from tests.stacks.aws.conftest import environment_of
from tests.stacks.aws.template import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.stacks.aws.conftest import Synthesised
    from tests.stacks.github import Claims

pytestmark = pytest.mark.slow  # a synth needs Node

AUDIENCE = "sts.amazonaws.com"
HOST = github.ISSUER.partition("//")[2]
HERE = "eu-west-1:000000000000"
Trust = dict[str, Any]
"""The role's trust policy and the account's provider, as one."""


@cache
def resources(
    repository: str = github.BY_NAME, name: str = "dev", *, makes_provider: bool = True
) -> dict[str, Any]:
    import aws_cdk as cdk  # seconds: only for who needs it

    from stacks.aws.__main__ import FEATURES
    from stacks.aws.deployer import Deployer

    environment = environment_of(name, ci={"github": repository})
    with TemporaryDirectory() as folder:
        app = cdk.App(context=FEATURES, outdir=folder, builtin_cloud_formation_validation=False)
        Deployer(
            app,
            environment.deployer_name,
            environment=environment,
            makes_provider=makes_provider,
        )
        found = app.synth().get_stack_by_name(environment.deployer_name).template
    return json.loads(json.dumps(found))["Resources"]


def trust(repository: str = github.BY_NAME) -> Trust:
    found = copy.deepcopy(resources(repository))
    return {
        "provider": found["Provider"]["Properties"],
        "policy": found["Role"]["Properties"]["AssumeRolePolicyDocument"],
    }


COMPARES: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringLike": fnmatchcase,
}


def holds(conditions: Mapping[str, Mapping[str, Any]], context: Mapping[str, str]) -> bool:
    """Say whether all conditions hold; a key that is not there meets none of these.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    return all(
        key in context and any(COMPARES[operator](context[key], each) for each in listed(wanted))
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def admits(found: Trust, claims: Claims) -> bool:
    """Decide as the token service does: by the provider, then by the role's trust policy."""
    host = claims["iss"].partition("//")[2]
    if claims["iss"] != found["provider"]["Url"]:
        return False
    if claims["aud"] not in found["provider"]["ClientIdList"]:
        return False
    context = {f"{host}:{name}": claims[name] for name in ("aud", "sub")}
    return any(
        each["Effect"] == "Allow"
        and each["Action"] == "sts:AssumeRoleWithWebIdentity"
        and each["Principal"] == {"Federated": f"arn:aws:iam::000000000000:oidc-provider/{host}"}
        and holds(each.get("Condition", {}), context)
        for each in found["policy"]["Statement"]
    )


def _subjects_like(pattern: str) -> Callable[[Trust], None]:
    def loosen(found: Trust) -> None:
        (statement,) = found["policy"]["Statement"]
        del statement["Condition"]["StringEquals"][f"{HOST}:sub"]
        statement["Condition"]["StringLike"] = {f"{HOST}:sub": pattern}

    return loosen


def _any_audience(found: Trust) -> None:
    (statement,) = found["policy"]["Statement"]
    del statement["Condition"]["StringEquals"][f"{HOST}:aud"]
    found["provider"]["ClientIdList"].append("https://github.com/octo-org")


def _another_issuer(found: Trust) -> None:
    text = json.dumps(found).replace(HOST, "gitlab.example.com")
    found.update(json.loads(text))


LOOSENED: dict[str, Callable[[Trust], None]] = {
    **dict.fromkeys(github.REFUSED, _subjects_like("repo:octo-org*/ml*:*")),
    "another repository": _subjects_like("repo:octo-org*/*:environment:dev"),
    "a repository that is called alike": _subjects_like("repo:octo-org*/ml*:environment:dev"),
    "the same name of another owner": _subjects_like("repo:*/ml*:environment:dev"),
    "an owner that is called alike": _subjects_like("repo:*octo-org*/ml*:environment:dev"),
    "another issuer": _another_issuer,
    github.ANOTHER_AUDIENCE: _any_audience,
}
"""What somebody would have changed for such a token to get in."""


@pytest.fixture(params=[github.BY_NAME, github.BY_ID])
def repository(request: pytest.FixtureRequest) -> str:
    return request.param


def test_the_repository_in_its_environment_gets_in(repository: str) -> None:
    is_immutable = repository == github.BY_ID
    assert admits(trust(repository), github.claims(AUDIENCE, is_immutable=is_immutable))
    assert not admits(trust(repository), github.claims(AUDIENCE, is_immutable=not is_immutable))


@pytest.mark.parametrize("what", github.REFUSED)
def test_nobody_else_gets_in(what: str, repository: str) -> None:
    claims = github.refused(what, AUDIENCE, is_immutable=repository == github.BY_ID)
    found = trust(repository)
    assert not admits(found, claims)
    LOOSENED[what](found)
    assert admits(found, claims), "nothing else keeps it out"


def test_with_ids_a_repository_that_is_made_anew_does_not_get_in() -> None:
    claims = github.claims(AUDIENCE, is_immutable=True, ids=github.REUSED)
    found = trust(github.BY_ID)
    assert not admits(found, claims)
    _subjects_like("repo:octo-org@*/ml@*:environment:dev")(found)
    assert admits(found, claims)


def test_a_provider_that_is_there_is_used_and_one_that_was_made_stays() -> None:
    assert [each["Type"] for each in resources(makes_provider=False).values()] == ["AWS::IAM::Role"]
    assert resources()["Provider"]["DeletionPolicy"] == "Retain"
    same = resources(makes_provider=False)["Role"]["Properties"]
    assert resources()["Role"]["Properties"] == same


def allows(name: str, action: str, resource: str, **context: str) -> bool:
    """Decide as IAM does whether the role of an environment may do something."""
    role = resources(name=name)["Role"]["Properties"]
    assert "ManagedPolicyArns" not in role
    (policy,) = role["Policies"]
    return any(
        any(fnmatchcase(action.lower(), each.lower()) for each in listed(statement["Action"]))
        and any(fnmatchcase(resource, each) for each in listed(statement["Resource"]))
        and holds(statement.get("Condition", {}), context)
        for statement in policy["PolicyDocument"]["Statement"]
    )


def _tags(name: str) -> dict[str, str]:
    return {"aws:ResourceTag/project": "mlops", "aws:ResourceTag/environment": name}


SECRETS = {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}
OF_AN_ENVIRONMENT: list[tuple[str, str, dict[str, str]]] = [
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:admin", {}),
    ("kms:Decrypt", f"arn:aws:kms:{HERE}:key/1", SECRETS),
    ("rds:ModifyDBInstance", f"arn:aws:rds:{HERE}:db:database", {}),
    (
        "elasticloadbalancing:ModifyLoadBalancerAttributes",
        f"arn:aws:elasticloadbalancing:{HERE}:loadbalancer/app/balancer/1",
        {},
    ),
]
"""What has no name of ours, and so is told apart by its tags."""


@pytest.mark.parametrize(("action", "resource", "context"), OF_AN_ENVIRONMENT)
def test_it_may_use_what_is_tagged_as_its_environment_s(
    action: str, resource: str, context: dict[str, str]
) -> None:
    assert allows("dev", action, resource, **context, **_tags("dev"))
    assert not allows("dev", action, resource, **context, **_tags("prod"))
    assert not allows("dev", action, resource, **context)
    assert allows("prod", action, resource, **context, **_tags("prod"))
    elsewhere = resource.replace("000000000000", "111111111111")
    assert not allows("dev", action, elsewhere, **context, **_tags("dev"))


STACK = [
    *("DescribeStacks", "ListStackResources", "GetTemplate", "DescribeChangeSet"),
    *("DeleteChangeSet", "DeleteStack", "DetectStackDrift", "DescribeStackResourceDrifts"),
    *("DescribeStackEvents", "UpdateTerminationProtection"),
]


@pytest.mark.parametrize("action", STACK)
def test_it_may_ask_of_cloudformation_what_the_engine_asks_of_its_own_stack(action: str) -> None:
    arn = f"arn:aws:cloudformation:{HERE}:stack"
    assert allows("dev", f"cloudformation:{action}", f"{arn}/mlops-dev/1")
    for name in ("mlops-prod", "mlops-dev-2", "ci-mlops-dev", "CDKToolkit"):
        assert not allows("dev", f"cloudformation:{action}", f"{arn}/{name}/1")


@pytest.mark.parametrize("role", ["deploy", "file-publishing", "image-publishing", "lookup"])
def test_it_deploys_with_the_cdk_s_own_roles_of_its_account_and_region(role: str) -> None:
    arn = "arn:aws:iam::{0}:role/cdk-hnb659fds-{2}-role-{0}-{1}"
    assert allows("dev", "sts:AssumeRole", arn.format("000000000000", "eu-west-1", role))
    assert not allows("dev", "sts:AssumeRole", arn.format("111111111111", "eu-west-1", role))
    assert not allows("dev", "sts:AssumeRole", arn.format("000000000000", "us-east-1", role))
    assert not allows("dev", "sts:AssumeRole", arn.format("000000000000", "eu-west-1", "cfn-exec"))


@pytest.mark.parametrize(
    "action",
    [
        "cloudformation:CreateStack",
        "cloudformation:ExecuteChangeSet",
        "ecr:PutImage",
        "iam:CreateRole",
        "iam:PassRole",
        "iam:UpdateAssumeRolePolicy",
        "kms:Decrypt",
        "logs:GetLogEvents",
        "rds:DeleteDBInstance",
        "s3:DeleteObject",
        "s3:GetObject",
        "s3:PutBucketPolicy",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "sts:AssumeRole",
    ],
)
def test_it_may_do_nothing_by_itself_that_a_deploy_does_not(action: str) -> None:
    assert not allows("dev", action, "arn:aws:any:eu-west-1:000000000000:thing")


ELSEWHERE = {
    "secretsmanager:GetSecretValue": "of what is tagged as its environment's alone",
    "vpc-lattice:DescribeServiceNetworkVpcEndpointAssociation": "no action that IAM knows",
}
"""What the registry says that a detection of drift asks for, and the role may not ask of all."""


@pytest.mark.parametrize("variant", ["dev", "prod with a domain"])
def test_it_may_see_how_each_resource_of_the_stack_is(
    variant: str, synthesise: Callable[..., Synthesised]
) -> None:
    kinds = {
        each["Type"] for each in synthesise(environment_of(variant)).template["Resources"].values()
    }
    asked = {
        action
        for kind in kinds
        for action in PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-1", kind)
        .schema["handlers"]
        .get("read", {})
        .get("permissions", [])
    }
    assert len(asked) > 50
    asked |= {"servicequotas:GetServiceQuota", "servicequotas:GetAWSDefaultServiceQuota"}  # doctor
    assert {
        each for each in asked - ELSEWHERE.keys() if not allows("dev", each, "arn:any")
    } == set()


def test_what_it_may_do_to_everything_changes_nothing() -> None:
    (policy,) = resources()["Role"]["Properties"]["Policies"]
    everywhere = [
        action
        for each in policy["PolicyDocument"]["Statement"]
        if "*" in listed(each["Resource"])
        for action in listed(each["Action"])
    ]
    verbs = {each.partition(":")[2] for each in everywhere}
    assert all(each.startswith(("Describe", "Get", "List", "BatchDescribe")) for each in verbs)


def test_environments_share_no_role() -> None:
    names = {resources(name=name)["Role"]["Properties"]["RoleName"] for name in ("dev", "prod")}
    assert names == {"ci-mlops-dev", "ci-mlops-prod"}
