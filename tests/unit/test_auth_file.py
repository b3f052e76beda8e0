"""The server's auth file, the same on every cloud."""

from __future__ import annotations

from configparser import ConfigParser

from mlops_infra import server
from tests.conftest import REPOSITORY


def test_the_auth_file_agrees_with_the_spec_and_holds_no_secret() -> None:
    file = ConfigParser()
    file.read(REPOSITORY / "stacks" / "image" / "basic_auth.ini")
    section = file["mlflow"]
    assert section["database_uri"] == server.DATABASE_URI
    assert section["admin_username"] == server.ADMIN_USERNAME
    assert section.getint("auth_cache_ttl_seconds") == server.AUTH_CACHE_SECONDS
    assert "admin_password" not in section
