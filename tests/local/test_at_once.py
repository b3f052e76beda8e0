"""Two commands at the same moment: one goes first, and neither spoils the other's work."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.local.conftest import FASTEST, Deployment, kill

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Project

    Until = Callable[[Callable[[], bool]], None]

pytestmark = pytest.mark.slow


def holds_lock(found: Deployment, pid: int) -> bool:
    try:
        text = (found.home.parent / f"{found.name}.lock").read_text()
        return json.loads(text)["pid"] == pid
    except (OSError, ValueError):
        return False


@pytest.mark.parametrize("second", ["deploy", "teardown"])
def test_while_one_deploys_another_command_is_refused_and_told_whose_turn_it_is(
    fast: Deployment, until: Until, second: str
) -> None:
    kill(*fast.servers())
    first = fast.project.start("deploy", "-e", "fast", "--yes")
    until(lambda: holds_lock(fast, first.pid))
    said = fast.run(second, code=5)
    assert f"fast is being changed by process {first.pid}" in said
    first.communicate(timeout=120)
    assert first.returncode == 0
    assert fast.is_whole()


def test_of_two_deploys_at_the_same_moment_one_wins(fast: Deployment) -> None:
    kill(*fast.servers())
    both = [fast.project.start("deploy", "-e", "fast", "--yes") for _ in range(2)]
    for each in both:
        each.communicate(timeout=120)
    assert sorted(each.returncode for each in both) == [0, 5]
    assert fast.is_whole()


def test_first_deploys_at_the_same_moment_get_ports_of_their_own(
    project: Project, shared: Project
) -> None:
    for each in (project, shared):
        each.write("one", FASTEST)
    project.write("two", FASTEST)
    three = [Deployment(project, "one"), Deployment(project, "two"), Deployment(shared, "one")]
    started = [each.project.start("deploy", "-e", each.name, "--yes") for each in three]
    for each in started:
        _, said = each.communicate(timeout=200)
        assert each.returncode == 0, said
    assert len({each.uri for each in three}) == 3
    for each in three:
        each.log_run(f"of {each.home}")
        assert each.runs() == {f"of {each.home}"}
    three[-1].run("teardown", "--delete-data")
