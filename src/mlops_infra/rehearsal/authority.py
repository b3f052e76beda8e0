"""Signs for every name of an emulated cloud; its clients trust nobody else."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from pathlib import Path


class Authority:
    """A certificate authority of one run. Its own key never leaves this process."""

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

    def files(self, *hosts: str, folder: Path) -> tuple[Path, Path]:
        """Write into `folder` what another program needs to prove that it is any of `hosts`.

        Returns its certificate and its key, which its owner alone can read.
        """
        issued = self._authority.issue_cert(*hosts)
        certificate, key = folder / "certificate.pem", folder / "key.pem"
        key.touch(mode=0o600)
        issued.private_key_pem.write_to_path(str(key))
        certificate.write_bytes(b"".join(each.bytes() for each in issued.cert_chain_pems))
        return certificate, key
