"""Command lines nobody would type: never a traceback, always one of the exit codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.functional.conftest import CommandLine

EXIT_CODES = {0, 1, 2, 3, 4, 5, 130}
COMMANDS = (
    "validate plan deploy tracking-uri outputs login status drift smoke logs teardown".split()
)
WORDS = st.one_of(
    st.sampled_from(COMMANDS),
    st.sampled_from(
        "-e --env -c --cloud -C --project-dir -y --yes --json --all --format --schema --follow -f "
        "--delete-data --debug --version --help -- - = -e= --env=dev -edev".split()
    ),
    st.sampled_from(
        "dev staging prod local aws azure gcp env json github . .. / environments".split()
    ),
    st.text(max_size=12).filter(lambda word: "\0" not in word),
)


@pytest.mark.slow
@settings(
    max_examples=4000,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(words=st.lists(WORDS, max_size=7), first=st.sampled_from(["", *COMMANDS]))
def test_any_command_line_ends_in_an_exit_code_of_the_contract(
    cli: CommandLine, words: list[str], first: str
) -> None:
    answer = cli(*([first, *words] if first else words))
    assert answer.code in EXIT_CODES
    assert "Traceback" not in answer.stderr or "--debug" in words  # which asks for one
    assert "this is a bug" not in answer.stderr
