"""`npx cdk -c env=X …` by hand and `mlops-infra` work on the same stack, with the same result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.rehearsal.aws.killing import subject_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rehearsal.aws.account import Account, Engine

pytestmark = pytest.mark.slow

NO_DIFFERENCES = "There were no differences"


@pytest.fixture
def engine(account: Account, tmp_path: Path) -> Engine:
    """An environment that is asked for ten times in a row, and synthesised twice."""
    return subject_in(tmp_path, account, f"hand{abs(hash(tmp_path)) % 10**6}").engine


def by_hand(engine: Engine, *words: str, code: int = 0) -> str:
    """Run `cdk -c env=… WORDS` in the project's folder, where `cdk.json` is."""
    done = engine.account.cdk("-c", f"env={engine.name}", *words, code=code)
    return done.stdout + done.stderr


def test_what_the_command_deployed_is_what_cdk_by_hand_would_deploy(engine: Engine) -> None:
    stack = f"mlops-{engine.name}"
    engine.deploy()
    made = engine.account.resources(engine.name)
    assert stack in by_hand(engine, "ls").split()
    synthesised = by_hand(engine, "synth")
    assert all(f"\n  {logical_id}:\n" in synthesised for logical_id in made)
    assert NO_DIFFERENCES in by_hand(engine, "diff", "--fail")
    assert "(no changes)" in by_hand(engine, "deploy", "--require-approval", "never")
    assert engine.account.resources(engine.name) == made

    engine.write({"artifacts": {"versioning": True}})
    assert "VersioningConfiguration" in by_hand(engine, "diff", "--fail", code=1)
    assert engine.changes()["AWS::S3::Bucket"] == "update"

    by_hand(engine, "destroy", "--force")
    assert engine.run("teardown", "--yes").stdout == ""
    with pytest.raises(ClientError, match="does not exist"):
        engine.account.stack(engine.name)


def test_what_cdk_by_hand_deployed_the_command_takes_over(engine: Engine) -> None:
    by_hand(engine, "deploy", "--require-approval", "never")
    assert engine.run("plan").stdout.startswith("nothing to do")
    outputs = {
        each["OutputKey"]: each["OutputValue"]
        for each in engine.account.stack(engine.name)["Outputs"]
    }
    assert engine.run("tracking-uri").stdout.strip() == outputs["TrackingUri"]
    engine.deploy()
    assert engine.state == "CREATE_COMPLETE"  # not updated: there was nothing to do
    assert "kept" in engine.run("teardown", "--yes").stdout
    with pytest.raises(ClientError, match="does not exist"):
        engine.account.stack(engine.name)
    # What the command kept, cdk by hand takes back.
    by_hand(engine, "deploy", "--require-approval", "never", "--import-existing-resources")
    assert engine.run("plan").stdout.startswith("nothing to do")


def test_without_an_environment_cdk_by_hand_says_how_to_name_one(account: Account) -> None:
    assert "npx cdk -c env=dev" in account.cdk("ls", code=1).stderr
