"""What everything is called on Google Cloud: names of ours, so that what was lost can be found.

A resource's id follows from its name, so an engine knows what to ask for after a create whose
answer it never got, and what a teardown kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from mlops_infra.errors import UsageError

if TYPE_CHECKING:
    from mlops_infra.config.models import Environment, Gcp

ACCOUNT_LENGTH = 30
"""The longest name of a service account: https://cloud.google.com/iam/docs/service-accounts-create"""

LABEL_LENGTH = 63
"""Of keys and values alike: https://cloud.google.com/resource-manager/docs/labels-overview"""


@dataclass(frozen=True, kw_only=True)
class Names:
    """The names of one environment."""

    environment: Environment

    @property
    def gcp(self) -> Gcp:
        """The file's section.

        Raises:
            UsageError: it has none.
        """
        gcp = self.environment.gcp
        if gcp is None:
            raise UsageError(f"environment '{self.environment.name}' has no section 'gcp'")
        return gcp

    @property
    def base(self) -> str:
        """What most things are called, for their names need to differ in one project only."""
        return self.environment.full_name

    @property
    def bucket(self) -> str:
        """The bucket's: no other in the world may have it, hence the letters at its end."""
        return f"{self.base}-{_digest(f'{self.gcp.project}/{self.base}')}"

    @property
    def database(self) -> str:
        """The database instance's; one that was restored needs a name beside the old one's."""
        restored = self.environment.database.restore_from
        return self.base if restored is None else f"{self.base}-{_digest(restored)}"

    def certificate(self, domain: str) -> str:
        """A domain's certificate's: another domain's is made beside the one that is in use."""
        return f"{self.base}-front-{_digest(domain)}"

    @property
    def account(self) -> str:
        """The service account's, of 6 to 30 letters."""
        return _account(f"{self.base}-run", self.base)

    @property
    def deployer(self) -> str:
        """The service account's that CI deploys as, and its pool's, which may not begin `gcp-`."""
        name = self.environment.deployer_name
        return _account(name, name)

    @property
    def registry(self) -> str:
        """Where the environment's images are, up to and with the repository's name."""
        return f"{self.gcp.region}-docker.pkg.dev/{self.gcp.project}/{self.base}"

    @property
    def labels(self) -> dict[str, str]:
        """The file's tags as labels: Google takes lower-case letters, digits, `_` and `-` only."""
        tags = self.environment.resource_tags
        return {_label_key(key): _label(value) for key, value in tags.items()}


def _account(name: str, base: str) -> str:
    if len(name) <= ACCOUNT_LENGTH:
        return name
    return f"{base[: ACCOUNT_LENGTH - 9].rstrip('-')}-{_digest(base)}"


def _label(text: str) -> str:
    return re.sub(r"[^a-z0-9_-]", "-", text.lower())[:LABEL_LENGTH]


def _label_key(text: str) -> str:
    key = _label(text)
    return key if key[0].isalpha() else f"tag-{key}"[:LABEL_LENGTH]


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:8]
