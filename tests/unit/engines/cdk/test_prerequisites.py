"""What `doctor` finds in an account, and what mends it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import httpx
import pytest

from mlops_infra.engines import clock
from mlops_infra.engines.cdk import prerequisites
from mlops_infra.engines.cdk.account import BOOTSTRAP_PARAMETER
from mlops_infra.engines.cdk.quotas import check_quotas
from mlops_infra.engines.cdk.toolkit import CLI_VERSION, Toolkit
from mlops_infra.engines.questions import findings
from mlops_infra.errors import PrerequisiteError
from mlops_infra.model import Verdict
from tests.unit.engines.cdk.conftest import REGION, bootstrap, there_is_no_stack

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_infra.model import Finding, Target


def asked(target: Target, *names: str) -> dict[str, Finding]:
    """Ask some of the questions, and those that they come after."""
    every = prerequisites.questions(target, Toolkit(target))
    chosen = [each for each in every if each.name in names]
    return {each.name: each for each in findings(chosen, to_apply=True)}


def test_an_account_that_is_ready_is_told_with_who_asks(aws: boto3.Session, target: Target) -> None:
    del aws
    there_is_no_stack(target, questions=2)
    told = asked(target, "credentials", "bootstrap", "roles", "stack", "builder")
    assert {each.verdict for each in told.values()} == {Verdict.OK}, told
    assert told["credentials"].detail.startswith("arn:aws:")
    assert told["bootstrap"].detail == "version 30 in eu-west-1"
    assert told["stack"].detail == "none yet"


@pytest.mark.parametrize(
    ("version", "says"),
    [
        ("", "is not bootstrapped in eu-west-1"),
        ("22", "bootstrap is version 22, at least 23 is needed"),
    ],
)
def test_a_bootstrap_that_is_missing_or_too_old_is_told_with_the_command(
    aws: boto3.Session, target: Target, version: str, says: str
) -> None:
    if version:
        bootstrap(aws, version)
    else:
        aws.client("ssm").delete_parameter(Name=BOOTSTRAP_PARAMETER)
    found = asked(target, "credentials", "bootstrap")["bootstrap"]
    assert found.verdict is Verdict.MISSING
    assert says in found.detail
    assert found.remedy == "mlops-infra bootstrap -e dev --cloud aws"


@pytest.mark.parametrize(
    ("who", "kind", "name"),
    [
        ("arn:aws:iam::123456789012:user/team/ada", "user", "ada"),
        ("arn:aws:sts::123456789012:assumed-role/ci/session", "role", "ci"),
    ],
)
def test_whoever_may_not_take_up_the_roles_is_told_the_command_that_grants_them(
    who: str, kind: str, name: str
) -> None:
    roles = "arn:aws:iam::123456789012:role/cdk-hnb659fds"
    command = prerequisites._grant(who, roles)  # noqa: SLF001 - else moto would have to refuse
    assert f"aws iam put-{kind}-policy --{kind}-name {name} " in command
    policy = json.loads(command.partition("'")[2].rstrip("'"))
    assert policy["Statement"][0]["Resource"] == f"{roles}-*"


def test_whoever_signed_in_by_identity_center_is_told_to_change_the_permission_set() -> None:
    role = "AWSReservedSSO_Data_Engineers_0123456789abcdef"
    roles = "arn:aws:iam::123456789012:role/cdk-hnb659fds"
    who = f"arn:aws:sts::123456789012:assumed-role/{role}/ada@example.com"
    words = prerequisites._grant(who, roles)  # noqa: SLF001 - else moto would have to refuse
    assert "permission set 'Data_Engineers'" in words
    assert "put-role-policy" not in words
    assert f"{roles}-*" in words


def test_limits_that_are_full_are_told_with_what_raises_each(aws: boto3.Session) -> None:
    ec2: Any = aws.client("ec2")
    for number in range(5 - len(ec2.describe_vpcs()["Vpcs"])):
        ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")
    for _ in range(4):
        ec2.allocate_address()
    with pytest.raises(PrerequisiteError) as caught:
        check_quotas(Limited(limit=5), protected=True)
    assert caught.value.message.split("; ") == [
        "5 of 5 VPCs are taken, 1 more needed",
        "4 of 5 elastic IP addresses are taken, 2 more needed",
    ]
    assert [line.split("--quota-code ")[1] for line in caught.value.hint.splitlines()] == [
        "L-F678F1CE --desired-value 6",
        "L-0263D0A3 --desired-value 6",
    ]
    assert check_quotas(Limited(limit=40), protected=True).startswith("5 of 40 VPCs, ")


class Limits:
    """Service Quotas with AWS's limit for each, which moto does not know."""

    class exceptions:  # noqa: N801 - as boto3 has it
        NoSuchResourceException = KeyError

    def __init__(self, limit: int) -> None:
        self._limit = limit

    def get_service_quota(self, **_: str) -> dict[str, Any]:
        raise self.exceptions.NoSuchResourceException

    def get_aws_default_service_quota(self, **_: str) -> dict[str, Any]:
        return {"Quota": {"Value": float(self._limit)}}


class Limited(boto3.Session):
    """A session in an account with limits of one size."""

    def __init__(self, *, limit: int) -> None:
        super().__init__(region_name=REGION)
        self._limits = Limits(limit)

    def client(self, service_name: str, *words: Any, **named: Any) -> Any:  # noqa: ANN401 - boto3 has no types
        if service_name == "service-quotas":
            return self._limits
        return super().client(service_name, *words, **named)


@pytest.mark.parametrize(
    ("version", "says"), [("2.1000.0", f"at least {CLI_VERSION} is needed"), ("2.9999.0", "")]
)
def test_a_command_line_that_is_too_old_is_told_and_a_newer_one_is_not(
    target: Target, version: str, says: str
) -> None:
    package = target.project_dir / "node_modules" / "aws-cdk"
    (package / "bin").mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"version": version}))
    (package / "bin" / "cdk").touch()
    (target.project_dir / "node_modules" / ".bin").mkdir()
    (target.project_dir / "node_modules" / ".bin" / "cdk").symlink_to("../aws-cdk/bin/cdk")
    if says:
        with pytest.raises(PrerequisiteError, match=says):
            Toolkit(target).version()
    else:
        assert Toolkit(target).version() == version


def test_a_node_that_is_too_old_is_told(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\necho v16.20.0\n")
    node.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PrerequisiteError, match=r"is v16\.20\.0, the CDK needs 18 or newer"):
        Toolkit(target).node()


def test_a_clock_is_compared_with_any_answer() -> None:
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)

    def at(when: str) -> str:
        return clock.compared(httpx.Response(401, headers={"date": when}), "a.example", now=now)

    assert at("Thu, 01 Jan 2026 12:04:00 GMT") == "as that of a.example"
    with pytest.raises(PrerequisiteError, match=r"is 600 s behind that of a\.example") as caught:
        at("Thu, 01 Jan 2026 12:10:00 GMT")
    assert "timedatectl" in caught.value.hint
    with pytest.raises(PrerequisiteError, match=r"is 600 s ahead of that of a\.example"):
        at("Thu, 01 Jan 2026 11:50:00 GMT")
