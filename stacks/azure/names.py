"""What everything is called on Azure: names of ours, so that what was lost can be found again.

A resource's id follows from its name, so an engine knows what to ask for after a create whose
answer it never got, and what a teardown kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

from mlops_infra.errors import UsageError

if TYPE_CHECKING:
    from mlops_infra.config.models import Azure, Environment

DATABASE = "mlflow"
CONTAINER = "mlflow"


@dataclass(frozen=True, kw_only=True)
class Names:
    """The names of one environment. Those that all of Azure shares end in `suffix`."""

    environment: Environment

    @property
    def azure(self) -> Azure:
        """The file's section.

        Raises:
            UsageError: it has none.
        """
        azure = self.environment.azure
        if azure is None:
            raise UsageError(f"environment '{self.environment.name}' has no section 'azure'")
        return azure

    @property
    def base(self) -> str:
        """What every name starts with; up to 33 letters."""
        return self.environment.full_name

    @cached_property
    def suffix(self) -> str:
        """Six letters that tell this subscription's environment from every other in the world."""
        owner = f"{self.azure.subscription_id.lower()}/{self.base}"
        return sha256(owner.encode()).hexdigest()[:6]

    @property
    def location(self) -> str:
        """Where everything is."""
        return self.azure.location

    @property
    def tags(self) -> dict[str, str]:
        """What every resource is tagged with that can be."""
        return self.environment.resource_tags

    @property
    def group(self) -> str:
        """The resource group of all that a teardown deletes."""
        return self.base

    @property
    def data_group(self) -> str:
        """The resource group of all that a teardown keeps."""
        return f"{self.base}-data"

    @property
    def storage_account(self) -> str:
        """Up to 24 lower-case letters and digits."""
        return f"{self._letters[:18]}{self.suffix}"

    @property
    def registry(self) -> str:
        """Up to 50 letters and digits."""
        return f"{self._letters}{self.suffix}"

    @property
    def vault(self) -> str:
        """Up to 24 letters, digits and single hyphens."""
        return f"{self.base[:17].rstrip('-')}-{self.suffix}"

    @property
    def server(self) -> str:
        """The database server's; one that was restored needs a name beside the old one's."""
        restored = self.environment.database.restore_from
        name = f"{self.base}-{self.suffix}"
        return name if restored is None else f"{name}-{sha256(restored.encode()).hexdigest()[:8]}"

    @property
    def deployer(self) -> str:
        """The identity's that CI deploys as; its group's, too, where the state is not Azure's."""
        return self.environment.deployer_name

    @property
    def subscription(self) -> str:
        """The id that all others start with."""
        return f"/subscriptions/{self.azure.subscription_id}"

    def data_id(self, kind: str, *names: str) -> str:
        """Return the id of something in the data group: `Microsoft.X/ys/zs` and a name for each."""
        provider, *kinds = kind.split("/")
        path = "".join(f"/{each}/{name}" for each, name in zip(kinds, names, strict=True))
        return f"{self.subscription}/resourceGroups/{self.data_group}/providers/{provider}{path}"

    @property
    def _letters(self) -> str:
        return self.base.replace("-", "")
