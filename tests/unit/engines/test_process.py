"""How programs are run whose output nobody else may see."""

from __future__ import annotations

import os
import sys

import pytest

from mlops_infra.engines import process
from mlops_infra.errors import InfraError

SAYS = "import sys; print('the secret'); print('a warning', file=sys.stderr); sys.exit({code})"


def said(code: int) -> str:
    argv = [sys.executable, "-c", SAYS.format(code=code)]
    return process.run(argv, env=os.environ, is_secret=True)


def test_what_is_secret_is_read_without_warnings_and_is_in_no_error() -> None:
    assert said(0) == "the secret\n"
    with pytest.raises(InfraError, match="a warning") as failed:
        said(1)
    assert "the secret" not in str(failed.value)
