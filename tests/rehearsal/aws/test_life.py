"""The whole life of the shipped environments on AWS, by the command and the real CDK CLI."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.conftest import REPOSITORY, Project
from tests.rehearsal.aws.account import Engine
from tests.rehearsal.aws.inventory import held
from tests.rehearsal.aws.killing import subject_in
from tests.rehearsal.aws.questions import QUESTIONS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rehearsal.aws.account import Account

pytestmark = pytest.mark.slow

CHANGE = {"artifacts": {"versioning": True, "expire_noncurrent_days": 33}}
"""Of the bucket, which is not replaced."""


def assert_is_there(engine: Engine) -> None:
    """Ask each resource's own service for it, and for what the template says of it."""
    account, name = engine.account, engine.name
    made = account.resources(name)
    body: dict[str, Any] = account.client("cloudformation").get_template(
        StackName=f"mlops-{name}", TemplateStage="Original"
    )["TemplateBody"]
    template = json.loads(body) if isinstance(body, str) else body
    assert made.keys() == template["Resources"].keys()
    wrong = [
        (resource["Type"], logical_id)
        for logical_id, resource in template["Resources"].items()
        if not QUESTIONS[resource["Type"]](
            account, made[logical_id], resource.get("Properties", {})
        )
    ]
    assert not wrong
    assert held(account, name) - set(made.values()) == set()


def kept_snapshot(engine: Engine) -> str:
    """Return the one that the last teardown left."""
    found = engine.account.client("rds").describe_db_snapshots(
        DBInstanceIdentifier=f"mlops-{engine.name}"
    )["DBSnapshots"]
    return max(found, key=lambda each: each["SnapshotCreateTime"])["DBSnapshotIdentifier"]


@pytest.mark.parametrize("like", ["dev", "staging", "prod"])
def test_an_environment_lives_from_its_first_plan_to_the_return_of_its_data(
    request: pytest.FixtureRequest, tmp_path: Path, like: str
) -> None:
    # The servers of prod run; how dev's does is told in test_front_door.py.
    account = request.getfixturevalue("live_account" if like == "prod" else "account")
    engine = subject_in(tmp_path, account, f"life{like}").engine
    engine.write(like=like)
    assert set(engine.changes().values()) == {"create"}
    assert held(account, engine.name) == set()  # a plan makes nothing
    said = engine.deploy()
    assert "AWS::RDS::DBInstance create" in said  # live progress, from CloudFormation's events
    assert_is_there(engine)
    assert engine.run("plan").stdout.startswith("nothing to do")

    engine.write(CHANGE, like=like)
    changes = engine.changes()
    assert changes["AWS::S3::Bucket"] == "update"
    assert set(changes.values()) == {"update"}  # of what refers to it, too: nothing is lost
    engine.deploy()
    assert_is_there(engine)
    assert engine.run("plan").stdout.startswith("nothing to do")

    bucket = json.loads(engine.run("outputs", "--json").stdout)["artifact_uri"].split("/")[2]
    storage = account.client("s3")
    assert engine.run("drift").stdout.startswith("no drift: ")
    storage.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert "Enabled → Suspended" in engine.run("drift", code=2).stdout
    engine.deploy()
    assert storage.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"

    storage.put_object(Bucket=bucket, Key="artifacts/model", Body=b"kept")
    if like == "prod":
        made = account.resources(engine.name)
        refused = engine.run("teardown", "--yes", code=3).stderr
        assert "protected: false" in refused
        assert account.resources(engine.name) == made
        engine.write({**CHANGE, "protected": False}, like=like)
    said = engine.run("teardown", "--yes").stdout
    assert bucket in said
    assert "final snapshot" in said
    with pytest.raises(ClientError, match="does not exist"):
        account.stack(engine.name)
    assert {each for each in held(account, engine.name) if each not in said} == set()

    engine.write({**CHANGE, "database": {"restore_from": kept_snapshot(engine)}}, like=like)
    engine.deploy()
    assert_is_there(engine)
    (database,) = [
        each
        for each in account.client("rds").describe_db_instances()["DBInstances"]
        if each["DBInstanceIdentifier"].startswith(f"mlops-{engine.name}")
    ]
    assert (database["MasterUsername"], database["DBName"]) == ("mlflow", "mlflow")
    assert database["StorageEncrypted"]
    assert storage.get_object(Bucket=bucket, Key="artifacts/model")["Body"].read() == b"kept"
    assert engine.run("plan").stdout.startswith("nothing to do")


def test_two_environments_deployed_at_once_do_not_touch_each_other(
    account: Account, tmp_path: Path
) -> None:
    one = subject_in(tmp_path, account, "one").engine
    other = Engine(one.account, "other")
    project = Project(tmp_path)
    running = []
    for engine in (one, other):
        engine.write()
        running.append(project.start("deploy", "-e", engine.name, "--yes", **engine.environ))
    for process in running:
        process.communicate(timeout=300)
    for engine in (one, other):
        assert_is_there(engine)
        assert engine.run("plan").stdout.startswith("nothing to do")
    made = account.resources("other")
    assert not set(made.values()) & set(account.resources("one").values())

    one.run("teardown", "--delete-data", "--yes")
    assert held(account, "one") == set()
    assert account.resources("other") == made
    assert_is_there(other)
    assert other.run("plan").stdout.startswith("nothing to do")


def test_a_deploy_synthesises_once(account: Account, tmp_path: Path) -> None:
    counted = tmp_path / "counted"
    stacks = tmp_path / "stacks"
    stacks.mkdir()
    (stacks / "__init__.py").write_text(
        f"__path__.append({str(REPOSITORY / 'stacks')!r})\n"
        f"open({str(counted)!r}, 'a').write('synthesised\\n')\n"
    )
    engine = Engine(replace(account, folder=tmp_path), "counted")
    engine.write()
    engine.deploy()  # the first run of all asks the account for what the context lacks
    counted.write_text("")
    engine.write(CHANGE)
    engine.deploy()
    assert counted.read_text().split() == ["synthesised"]
