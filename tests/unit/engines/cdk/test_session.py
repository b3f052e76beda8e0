"""One session for all threads of a command."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from mlops_infra.engines.cdk.account import Session


def test_many_threads_get_the_same_client_of_a_service() -> None:
    session = Session(region="eu-west-1")
    with ThreadPoolExecutor(max_workers=16) as pool:
        made = list(pool.map(session.client, ["cloudformation", "sts"] * 16))
    assert len({id(client) for client in made}) == 2
    assert {client.meta.region_name for client in made} == {"eu-west-1"}


def test_a_client_with_settings_of_its_own_is_made_anew() -> None:
    session = Session(region="eu-west-1")
    usual = session.client("s3")
    assert session.client("s3", region_name="us-east-1").meta.region_name == "us-east-1"
    assert session.client("s3") is usual
