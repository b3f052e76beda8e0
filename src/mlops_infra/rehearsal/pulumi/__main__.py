"""The emulated clouds' process: `python -m mlops_infra.rehearsal.pulumi --folder DIR NAME…`."""

from __future__ import annotations

import argparse
import gc
import importlib
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

import grpc
from pulumi.runtime.proto.provider_pb2_grpc import add_ResourceProviderServicer_to_server

from mlops_infra.rehearsal.authority import Authority
from mlops_infra.rehearsal.doors import Doors, Served, by_connect
from mlops_infra.rehearsal.faults import Faults
from mlops_infra.rehearsal.pulumi.cloud import Cloud
from mlops_infra.rehearsal.pulumi.description import Place
from mlops_infra.rehearsal.pulumi.names import AUTHORITY_FILE
from mlops_infra.rehearsal.pulumi.servicer import Servicer
from mlops_infra.rehearsal.pulumi.web import Web

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_infra.rehearsal.pulumi.description import Running

LARGEST_MESSAGE_BYTES = 400 * 1024 * 1024
"""What Pulumi itself allows."""

STOP_SECONDS = 5

OBJECTS_BEFORE_COLLECTION = 500_000
"""An SDK is imported piece by piece as it is asked for, and nothing of it is garbage that Python's
own 700 would find."""


def main() -> None:
    """Serve the named providers, write their ports to `ports`, and go on until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="its resources and faults")
    parser.add_argument("--door-port", type=int, required=True, help="of the names that it serves")
    parser.add_argument("--record-only", action="store_true", help="start no service, no database")
    parser.add_argument("providers", nargs="+", help="modules with a PROVIDER")
    wanted = parser.parse_args()
    gc.set_threshold(OBJECTS_BEFORE_COLLECTION)
    folder: Path = wanted.folder
    providers = [importlib.import_module(name).PROVIDER for name in wanted.providers]
    cloud, faults = Cloud(folder / "cloud.db"), Faults(folder / "faults")
    authority = Authority(folder / AUTHORITY_FILE)
    place = Place(
        folder=folder,
        cloud=cloud,
        authority=authority,
        doors=Doors(authority),
        door=f"http://127.0.0.1:{wanted.door_port}",
    )
    running: list[Running] = []
    ports: dict[str, int] = {}
    servers: list[grpc.Server] = []
    for provider in providers:
        runs = None
        if provider.running and not wanted.record_only:
            runs = provider.running(place)
            running.append(runs)
        server = grpc.server(
            ThreadPoolExecutor(max_workers=16),  # an engine does as much at a time, and no more
            options=[
                ("grpc.max_receive_message_length", LARGEST_MESSAGE_BYTES),
                ("grpc.max_send_message_length", LARGEST_MESSAGE_BYTES),
            ],
        )
        add_ResourceProviderServicer_to_server(Servicer(provider, cloud, faults, runs), server)
        ports[provider.name] = server.add_insecure_port("127.0.0.1:0")
        server.start()
        servers.append(server)
    web = Web(folder, cloud, [site for each in providers for site in each.sites])
    place.doors.open(by_connect(partial(_find, [web, *running])), port=wanted.door_port)
    draft = folder / "ports.draft"
    draft.write_text(",".join(f"{name}:{port}" for name, port in ports.items()))
    draft.rename(folder / "ports")
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    stop.wait()
    for server in servers:
        server.stop(STOP_SECONDS).wait()
    for each in running:
        each.stop()


def _find(running: Sequence[Running | Web], host: str) -> Served | None:
    return next(filter(None, (each.find(host) for each in running)), None)


if __name__ == "__main__":
    main()
