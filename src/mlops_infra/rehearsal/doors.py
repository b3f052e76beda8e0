"""Where TLS ends: what clients send to a name goes on in clear to whoever is behind it.

    client ── greeting ── TLS, certificate of the name ── the container or database of that name

The greeting says which name is meant: `CONNECT name:443` of an HTTP proxy, or PostgreSQL's request
for TLS, which is for one database. What follows is passed on byte by byte, however much it is.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING

from mlops_infra.rehearsal.ports import HOST

if TYPE_CHECKING:
    from mlops_infra.rehearsal.authority import Authority

CHUNK_BYTES = 2**18

# https://www.postgresql.org/docs/current/protocol-message-formats.html
SSL_REQUEST = struct.pack("!ii", 8, 80877103)

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, kw_only=True)
class Way:
    """Where a greeting leads."""

    host: str
    connect: Callable[[], Awaitable[Streams]]
    ends_tls: bool = True
    """Whether TLS ends at the door; else whoever is behind it has a certificate for the name."""


@dataclass(frozen=True, kw_only=True)
class Served:
    """Where on this machine a name is served."""

    port: int
    speaks_tls: bool = False


Greet = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[Way | None]]
"""Answers a client up to the first byte of TLS; None where it gets no further."""


def by_connect(find: Callable[[str], Served | None]) -> Greet:
    """Greet as an HTTP proxy does; `find` says where on this machine a name is served.

    A name that nobody serves is answered 502, as a proxy does for one that DNS does not know.
    """

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Way | None:
        head = await reader.readuntil(b"\r\n\r\n")
        verb, target, *_ = head.decode("latin-1").split(" ")
        host, _, asked = target.rpartition(":")
        found = find(host) if (verb, asked) == ("CONNECT", "443") else None
        if found is None:
            writer.write(b"HTTP/1.1 502 no such host\r\nContent-Length: 0\r\n\r\n")
            return None
        writer.write(b"HTTP/1.1 200 connected\r\n\r\n")
        return Way(
            host=host,
            connect=lambda: asyncio.open_connection(HOST, found.port),
            ends_tls=not found.speaks_tls,
        )

    return greet


def by_ssl_request(host: str, socket: str) -> Greet:
    """Greet as a PostgreSQL that takes TLS only; the real one is at `socket`."""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Way | None:
        if await reader.readexactly(len(SSL_REQUEST)) != SSL_REQUEST:
            return None
        writer.write(b"S")
        return Way(host=host, connect=lambda: asyncio.open_unix_connection(socket))

    return greet


class Doors:
    """Listeners on this machine, on a thread of their own, until the process ends."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._loop = asyncio.new_event_loop()
        Thread(target=self._loop.run_forever, daemon=True, name="doors").start()

    def open(self, greet: Greet, *, port: int = 0) -> int:
        """Let clients in at `port`, or at a free one; returns which."""

        async def listen() -> int:
            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                # A client may go at any time, and so may who is behind the door.
                with suppress(OSError, EOFError, asyncio.LimitOverrunError):
                    await self._serve(greet, reader, writer)
                writer.close()

            server = await asyncio.start_server(serve, HOST, port)
            return server.sockets[0].getsockname()[1]

        return asyncio.run_coroutine_threadsafe(listen(), self._loop).result()

    async def _serve(
        self, greet: Greet, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        way = await greet(reader, writer)
        await writer.drain()
        if way is None:
            return
        if way.ends_tls:
            await writer.start_tls(self._authority.context(way.host))
        behind_reader, behind_writer = await way.connect()
        both = {
            asyncio.ensure_future(_pass_on(reader, behind_writer)),
            asyncio.ensure_future(_pass_on(behind_reader, writer)),
        }
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            behind_writer.close()
            for each in both:
                each.cancel()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
