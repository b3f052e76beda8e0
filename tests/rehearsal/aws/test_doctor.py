"""What `doctor` finds in an emulated account: each fault with the command that mends it."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.rehearsal.aws.account import Engine

pytestmark = pytest.mark.slow

BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"
EXPIRED = "The security token included in the request is expired"


def examined(engine: Engine, *, code: int = 0, **more: str) -> dict[str, dict[str, str]]:
    document = json.loads(engine.run("doctor", "--json", code=code, **more).stdout)
    assert document["is_ready"] is (code == 0)
    return {each["name"]: each for each in document["findings"]}


def verdicts(found: dict[str, dict[str, str]], verdict: str) -> set[str]:
    return {name for name, each in found.items() if each["verdict"] == verdict}


@contextmanager
def without_bootstrap(engine: Engine) -> Generator[None]:
    parameters = engine.account.client("ssm")
    before = parameters.get_parameter(Name=BOOTSTRAP)["Parameter"]["Value"]
    parameters.delete_parameter(Name=BOOTSTRAP)
    try:
        yield
    finally:
        parameters.put_parameter(Name=BOOTSTRAP, Value=before, Type="String")


def test_an_account_that_is_ready_is_told_line_by_line(engine: Engine) -> None:
    done = engine.run("doctor")
    lines = [line.split()[:2] for line in done.stdout.splitlines()]
    names = "node cdk clock credentials bootstrap roles stack quotas builder".split()
    assert lines == [["ok", each] for each in names]
    assert done.stderr == ""


FAULTS: dict[str, dict[str, Any]] = {
    "expired": {
        "refuse": ("*", "ExpiredToken", EXPIRED),
        "missing": {"credentials"},
        "says": "the AWS credentials have expired",
        "mends": "aws sso login",
    },
    "no bootstrap": {
        "bootstrap": False,
        "missing": {"bootstrap"},
        "says": "is not bootstrapped in eu-west-1",
        "mends": "mlops-infra bootstrap -e ",
    },
    "no role": {
        "refuse": ("sts:AssumeRole", "AccessDenied", ""),
        "missing": {"roles"},
        "says": "may not take up the role 'lookup'",
        "mends": "aws iam put-",
    },
    "full": {
        "settings": {"quotas": {"L-F678F1CE": 1}},
        "missing": {"quotas"},
        "says": "VPCs are taken, 1 more needed",
        "mends": "--service-code vpc --quota-code L-F678F1CE --desired-value",
    },
    "clock": {
        "settings": {"clock_seconds": 3600},
        "missing": {"clock", "credentials"},
        "says": " s behind that of 127.0.0.1",
        "mends": "timedatectl set-ntp true",
    },
    "no builder": {
        "write": {"image": "build"},
        "more": {"CDK_DOCKER": "/nowhere/docker"},
        "missing": {"builder"},
        "says": "nothing builds the server's image: /nowhere/docker not installed",
        "mends": "apt install podman",
    },
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_with_what_mends_it(engine: Engine, fault: str) -> None:
    known, aws = FAULTS[fault], engine.account.aws
    engine.write(known.get("write"))
    with ExitStack() as stack:
        if "refuse" in known:
            stack.enter_context(aws.faults.refusing(*known["refuse"]))
        if "settings" in known:
            stack.enter_context(aws.settings.having(**known["settings"]))
        if "bootstrap" in known:
            stack.enter_context(without_bootstrap(engine))
        found = examined(engine, code=4, **known.get("more", {}))
    assert verdicts(found, "missing") == known["missing"], found
    told = [found[name] for name in known["missing"]]
    assert any(known["says"] in each["detail"] for each in told), told
    assert any(known["mends"] in each["remedy"] for each in told), told


def test_nobody_s_credentials_and_another_account_s_are_told(engine: Engine) -> None:
    nobody = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    found = examined(engine, code=4, **nobody)
    assert found["credentials"]["detail"] == "no AWS credentials"
    assert "not asked" in found["bootstrap"]["detail"]
    found = examined(engine, code=4, AWS_ACCESS_KEY_ID="999999999999")
    assert "of account 999999999999, the file names" in found["credentials"]["detail"]
    assert "AWS_PROFILE" in found["credentials"]["remedy"]


def test_limits_that_may_not_be_asked_for_are_unknown_and_stop_nothing(engine: Engine) -> None:
    with engine.account.aws.faults.refusing("ec2:DescribeVpcs", "UnauthorizedOperation"):
        found = examined(engine)
    assert verdicts(found, "unknown") == {"quotas"}
    assert "ec2:DescribeVpcs" in found["quotas"]["detail"]


def test_all_that_is_missing_stops_a_deploy_at_once_and_no_plan(engine: Engine) -> None:
    engine.write({"image": "build"})
    without = {"CDK_DOCKER": "/nowhere/docker"}
    with engine.account.aws.settings.having(quotas={"L-F678F1CE": 1}):
        said = engine.run("deploy", "--yes", code=4, **without).stderr
        assert "create: AWS::RDS::DBInstance" in engine.run("plan", code=2, **without).stdout
    assert "cannot be deployed yet" in said
    assert "--quota-code L-F678F1CE" in said
    assert "apt install podman" in said


def test_a_stack_that_is_being_changed_is_busy(engine: Engine) -> None:
    faults = engine.account.aws.faults
    faults.delay(60)  # or until it is none
    try:
        engine.account.client("cloudformation").create_stack(
            StackName=f"mlops-{engine.name}",
            TemplateBody=json.dumps({"Resources": {"One": {"Type": "AWS::SQS::Queue"}}}),
        )
        found = examined(engine, code=4)
    finally:
        faults.delay(0)
    assert verdicts(found, "busy") == {"stack"}
    assert "is being changed by another deploy (create_in_progress)" in found["stack"]["detail"]
