"""A deploy to the emulated account ends with a server that answers at the name it declares."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from tests.rehearsal.aws.account import DOMAIN, IMAGE, Engine
from tests.rehearsal.clients import asking, transfer, visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.rehearsal.aws.account import Account

pytestmark = pytest.mark.slow

CREATE = "/api/2.0/mlflow/experiments/create"
FIND = "/api/2.0/mlflow/experiments/get-by-name"

OWNER = """
import pathlib, sys
import boto3
from mlops_infra.rehearsal.aws import EmulatedAws

with EmulatedAws(pathlib.Path(sys.argv[1])) as aws:
    stacks = boto3.client(
        "cloudformation", endpoint_url=aws.url, region_name=aws.region,
        aws_access_key_id=aws.account, aws_secret_access_key="emulated",
    )
    stacks.create_stack(StackName="one", TemplateBody=sys.argv[2])
    stacks.get_waiter("stack_create_complete").wait(StackName="one", WaiterConfig={"Delay": 1})
    print("ready", flush=True)
    sys.stdin.read()
"""

DATABASE = {
    "Type": "AWS::RDS::DBInstance",
    "Properties": {
        "Engine": "postgres",
        "MasterUsername": "mlflow",
        "MasterUserPassword": "of-no-importance",
        "DBName": "mlflow",
    },
}


@pytest.fixture(scope="module")
def account(live_account: Account) -> Account:
    """All here is about what runs."""
    return live_account


@pytest.fixture(scope="module")
def live(account: Account) -> Iterator[Engine]:
    """An environment that is up, whatever a test has made of it."""
    found = Engine(account, "live")
    found.write()
    found.deploy()
    yield found
    found.remove()


def test_a_client_works_through_the_printed_uri(live: Engine) -> None:
    uri = live.run("tracking-uri").stdout.strip()
    assert uri.endswith(".cloudfront.net")
    outputs = json.loads(live.run("outputs", "--json").stdout)
    assert outputs["tracking_uri"] == uri
    assert outputs["artifact_uri"].startswith("s3://")
    live.run("smoke")
    status = json.loads(live.run("status", "--json").stdout)
    assert status["health"] == "healthy"
    parts = {part["name"]: part["state"] for part in status["components"]}
    assert parts == {"stack": "running", "server": "running", "database": "running"}
    assert "log-batch" in live.run("logs").stdout  # what the container printed, by CloudWatch
    transfer(live)


def test_a_name_that_no_stack_declares_leads_nowhere(live: Engine) -> None:
    with visitor(live) as client, pytest.raises(httpx.ProxyError, match="no such host"):
        client.get("https://d111111abcdef8.cloudfront.net/health")


def test_only_who_trusts_the_account_believes_its_names(live: Engine) -> None:
    uri = live.run("tracking-uri").stdout.strip()
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(uri, proxy=live.environ["https_proxy"], trust_env=False)


def test_a_new_version_and_a_new_password_replace_the_old_without_a_gap(
    live: Engine, until: Callable[[Callable[[], bool]], None]
) -> None:
    with visitor(live) as client, asking(client) as answers:
        live.write({"image": f"{IMAGE}-next"})
        live.deploy()
        rotate(live, "MlflowAuthAdminPassword", "a-new-password-of-the-administrator")
        until(lambda: knows(live))
    assert set(answers) == {200}
    assert len(answers) > 20


def test_a_version_that_never_gets_healthy_is_rolled_back_and_the_old_one_serves_on(
    live: Engine,
) -> None:
    known = rotate(live, "DatabaseInstanceSecret", json.dumps({"password": "not-the-database-s"}))
    live.write({"image": f"{IMAGE}-broken"})
    said = live.run("deploy", "--yes", code=1).stderr
    assert "Circuit Breaker" in said
    assert "password authentication failed" in said
    assert live.state == "UPDATE_ROLLBACK_COMPLETE"
    with visitor(live) as client:
        assert client.get("/health").status_code == 200
    rotate(live, "DatabaseInstanceSecret", known)
    live.deploy()


def test_a_private_one_answers_at_its_domain(account: Account, engine: Engine) -> None:
    (zone,) = account.client("route53").list_hosted_zones()["HostedZones"]
    own = {"hosted_zone": {"id": zone["Id"].rpartition("/")[2], "name": "example.com"}}
    access = {**DOMAIN, "domain": f"{engine.name}.example.com", "exposure": "private"}
    engine.write({"access": access, "aws": own})
    assert engine.run("deploy", "--yes").stdout.strip() == f"https://{engine.name}.example.com"


def test_a_restored_database_has_its_runs_and_the_login_of_today(engine: Engine) -> None:
    engine.deploy()
    with visitor(engine) as client:
        client.post(CREATE, json={"name": "kept"}).raise_for_status()
        old_login = client.auth
    engine.run("teardown", "--yes")
    (snapshot,) = engine.account.client("rds").describe_db_snapshots(
        DBInstanceIdentifier=f"mlops-{engine.name}"
    )["DBSnapshots"]
    engine.write({"database": {"restore_from": snapshot["DBSnapshotIdentifier"]}})
    engine.deploy()
    with visitor(engine) as client:
        client.get(FIND, params={"experiment_name": "kept"}).raise_for_status()
        found = client.get(FIND, params={"experiment_name": "kept"}, auth=old_login)
        assert found.status_code == 401


def rotate(engine: Engine, name: str, value: str) -> str:
    """Change a secret as an administrator does, and have ECS start anew; returns the old value."""
    resources = engine.account.resources(engine.name)
    (secret,) = [
        arn
        for each, arn in resources.items()
        if name in each and ":secret:" in arn and "Attachment" not in each
    ]
    secrets = engine.account.client("secretsmanager")
    old = secrets.get_secret_value(SecretId=secret)["SecretString"]
    secrets.put_secret_value(SecretId=secret, SecretString=value)
    (service,) = [arn for arn in resources.values() if ":service/" in arn]
    engine.account.client("ecs").update_service(
        cluster=service.split("/")[1], service=service, forceNewDeployment=True
    )
    return old


def knows(engine: Engine) -> bool:
    """Whether the server takes the login that the command prints."""
    with visitor(engine) as client:
        return client.get(FIND, params={"experiment_name": "Default"}).status_code == 200


def test_nothing_of_it_outlives_a_killed_owner(
    tmp_path: Path, until: Callable[[Callable[[], bool]], None]
) -> None:
    template = json.dumps({"Resources": {"Database": DATABASE}})
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path), template],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    assert owner.stdin is not None
    assert owner.stdout.readline() == "ready\n"
    started = psutil.Process(owner.pid).children(recursive=True)
    assert any("postgres" in " ".join(each.cmdline()) for each in started)
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    owner.stdin.close()
    owner.stdout.close()
    until(lambda: not any(is_alive(each) for each in started))


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
