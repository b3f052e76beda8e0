"""What the emulated clouds and whoever starts them agree upon."""

from __future__ import annotations

AUTHORITY_FILE = "authority.pem"
"""In the clouds' folder: whom clients trust."""
TENANT = "11111111-2222-3333-4444-555555555555"
GOOGLE_TOKEN = "ya29.emulated"  # noqa: S105 - opens nothing
