"""The emulated clouds' process: `python -m mlops_infra.rehearsal.pulumi --folder DIR NAME…`."""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread

import grpc
from pulumi.runtime.proto.provider_pb2_grpc import add_ResourceProviderServicer_to_server

from mlops_infra.rehearsal.faults import Faults
from mlops_infra.rehearsal.pulumi.cloud import Cloud
from mlops_infra.rehearsal.pulumi.servicer import Servicer

LARGEST_MESSAGE_BYTES = 400 * 1024 * 1024
"""What Pulumi itself allows."""

STOP_SECONDS = 5


def main() -> None:
    """Serve the named providers, write their ports to `ports`, and go on until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="its resources and faults")
    parser.add_argument("providers", nargs="+", help="modules with a PROVIDER")
    wanted = parser.parse_args()
    folder: Path = wanted.folder
    providers = [importlib.import_module(name).PROVIDER for name in wanted.providers]
    cloud, faults = Cloud(folder / "cloud.db"), Faults(folder / "faults")
    ports: dict[str, int] = {}
    servers: list[grpc.Server] = []
    for provider in providers:
        server = grpc.server(
            ThreadPoolExecutor(max_workers=16),  # an engine does as much at a time, and no more
            options=[
                ("grpc.max_receive_message_length", LARGEST_MESSAGE_BYTES),
                ("grpc.max_send_message_length", LARGEST_MESSAGE_BYTES),
            ],
        )
        add_ResourceProviderServicer_to_server(Servicer(provider, cloud, faults), server)
        ports[provider.name] = server.add_insecure_port("127.0.0.1:0")
        server.start()
        servers.append(server)
    draft = folder / "ports.draft"
    draft.write_text(",".join(f"{name}:{port}" for name, port in ports.items()))
    draft.rename(folder / "ports")
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    stop.wait()
    for server in servers:
        server.stop(STOP_SECONDS).wait()


if __name__ == "__main__":
    main()
