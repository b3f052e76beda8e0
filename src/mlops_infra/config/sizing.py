"""How much of the database a server needs, and how much each size of database gives.

The server spec and every stack take these numbers from here; none repeats them.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

POOL_SIZE = 15
"""Connections that one worker keeps open for each of MLflow's stores.

There are three (tracking, registry, users), so the smallest database has room for what one worker
keeps. Beyond these it connects anew each time, which the slowest of many parallel calls feel.
"""

MAX_OVERFLOW = 30
"""Connections that one worker may open beyond its pool.

MLflow serves from 40 threads a worker, and logging a batch takes a second connection while it
holds one: with fewer than 41 in all the threads wait for each other until calls end with HTTP 400.
`make bench` has 32 clients log batches at once.
"""

CONNECTIONS_PER_WORKER = POOL_SIZE + MAX_OVERFLOW

RESERVED_CONNECTIONS = 5 + 2 * POOL_SIZE
"""Connections beside those of the tracking store.

Five are left for administrators and the migration; PostgreSQL itself reserves 3 of them. The
rest is what one worker keeps for users and the registry: without it parallel calls to a `micro`
database with basic auth end with "remaining connection slots are reserved", as the smoke test in
tests/rehearsal/aws/test_front_door.py would show.
"""

DATABASE_CONNECTIONS: Mapping[str, int] = MappingProxyType(
    {"micro": 100, "small": 150, "medium": 400, "large": 800}
)
"""Connections per `database.size`: what every stack must make its PostgreSQL accept.

They must be free for the server and administrators. Where a cloud takes some of `max_connections`
for itself, the stack adds those on top (Azure takes 15:
https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-limits).
"""


def connections_needed(*, replicas: int, workers: int) -> int:
    """Connections that so many replicas may open at once, and the reserved ones."""
    return replicas * workers * CONNECTIONS_PER_WORKER + RESERVED_CONNECTIONS
