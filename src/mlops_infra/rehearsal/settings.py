"""What an emulated account is like, besides what is in it: limits, permissions, its clock."""

from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

CLOCK = "clock_seconds"
"""By how much the cloud's clock is ahead of this machine's."""


class Settings:
    """Settings by name, in a file, so that any process can change them while the cloud runs."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "settings.json"

    def get(self, name: str, default: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Return a setting, or what the cloud has without it."""
        return self._read().get(name, default)

    @contextmanager
    def having(self, **settings: Any) -> Generator[None]:  # noqa: ANN401 - as above
        """Let the account be so until the block ends."""
        before = self._read()
        self._write({**before, **settings})
        try:
            yield
        finally:
            self._write(before)

    @property
    def date(self) -> str:
        """The time by the cloud's clock, as the header `Date` has it."""
        ahead = timedelta(seconds=self.get(CLOCK, 0))
        return format_datetime(datetime.now(UTC) + ahead, usegmt=True)

    def _read(self) -> dict[str, Any]:
        with suppress(FileNotFoundError):
            return json.loads(self._file.read_text())
        return {}

    def _write(self, settings: dict[str, Any]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_name(f"{uuid4()}.draft")
        draft.write_text(json.dumps(settings))
        draft.rename(self._file)
