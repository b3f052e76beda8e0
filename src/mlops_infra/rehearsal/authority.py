"""Signs for every name of an emulated cloud; its clients trust nobody else."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from pathlib import Path


class Authority:
    """A certificate authority of one run. Its key never leaves this process."""

    def __init__(self, file: Path) -> None:
        """Write its own certificate, which clients are told to trust, to `file`."""
        self.file = file
        self._authority = trustme.CA()
        self._authority.cert_pem.write_to_path(str(file))
        self._contexts: dict[str, ssl.SSLContext] = {}

    def context(self, host: str) -> ssl.SSLContext:
        """Return what a server needs to prove that it is `host`."""
        if host not in self._contexts:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._authority.issue_cert(host).configure_cert(context)
            self._contexts[host] = context
        return self._contexts[host]
