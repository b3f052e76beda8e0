"""What an environment file can say and Azure cannot do: refused before anything is declared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_network
from typing import TYPE_CHECKING

from mlops_infra.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stacks.azure.names import Names


@dataclass(frozen=True)
class Origin:
    """Another database server, at a moment."""

    server_id: str
    moment: str


def check(names: Names) -> None:
    """Refuse what Azure does not have.

    Raises:
        UsageError: the file asks for it.
    """
    access = names.environment.access
    if access.exposure == "private" and access.domain is not None:
        raise UsageError(
            f"access.domain: {access.domain} cannot be served privately on azure: its certificates"
            " are for what the internet reaches; allowed: no domain, or access.exposure: public"
        )
    if not ipv4(access.allowed_cidrs):
        raise UsageError(
            f"access.allowed_cidrs: {', '.join(access.allowed_cidrs)} let nobody in on azure, whose"
            " front door has IPv4 addresses only; allowed: at least one IPv4 network"
        )
    origin(names)


def ipv4(networks: Iterable[str]) -> list[str]:
    """Return the networks that the front door can be reached from: it has IPv4 addresses only."""
    return [each for each in networks if ip_network(each).version == 4]


def origin(names: Names) -> Origin | None:
    """Return what `database.restore_from` means here: `SERVER@2026-11-20T10:00:00Z`.

    Raises:
        UsageError: it means nothing here.
    """
    restore_from = names.environment.database.restore_from
    if restore_from is None:
        return None
    form = r"(?P<server>[a-z0-9-]+)@(?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"
    found = re.fullmatch(form, restore_from)
    if found is None:
        raise UsageError(
            f"database.restore_from: '{restore_from}' is no server at a moment;"
            " allowed: SERVER@2026-11-20T10:00:00Z, in UTC",
            hint=f"az postgres flexible-server list -g {names.data_group} -o table",
        )
    kind = "Microsoft.DBforPostgreSQL/flexibleServers"
    return Origin(names.data_id(kind, found["server"]), found["moment"])
