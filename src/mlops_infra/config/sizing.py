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
keeps. Beyond these it connects anew each time: with 15 + 30 the slowest of 32 parallel log-batch
calls took 0.71 s (p99), with 10 + 35 0.86 s, on two cores.
"""

MAX_OVERFLOW = 30
"""Connections that one worker may open beyond its pool.

MLflow serves from 40 threads a worker, and logging a batch takes a second connection while it
holds one: with fewer than 41 in all the threads wait for each other. Measured on mlflow 3.17.2
with 32 parallel log-batch calls: 5 + 10 gave 1.4 requests/s and HTTP 400, a pool that reaches 45
gave 66/s.
"""

CONNECTIONS_PER_WORKER = POOL_SIZE + MAX_OVERFLOW

RESERVED_CONNECTIONS = 5 + 2 * POOL_SIZE
"""Connections beside those of the tracking store.

Five are left for administrators and the migration; PostgreSQL itself reserves 3 of them. The
rest is what one worker keeps for users and the registry: without it 24 parallel log-batch calls
to a single worker with basic auth ended with "remaining connection slots are reserved" in 8 cases.
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
