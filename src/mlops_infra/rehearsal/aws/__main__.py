"""The process of an emulated AWS: `python -m mlops_infra.rehearsal.aws --port N --folder DIR`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from threading import Thread


def main() -> None:
    """Complete ministack, then run it until it is told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--door-port", type=int, required=True, help="of the names that it serves")
    parser.add_argument("--folder", type=Path, required=True, help="its state, log and faults")
    parser.add_argument("--account", default="000000000000")
    parser.add_argument("--region", default="eu-west-1")
    parser.add_argument("--persist", action="store_true", help="keep the state in the folder")
    parser.add_argument("--record-only", action="store_true", help="start no service, no database")
    parser.add_argument("--until-eof", action="store_true", help="stop when standard input ends")
    wanted = parser.parse_args()
    folder = wanted.folder.absolute()
    # ministack reads its settings as it is imported.
    os.environ |= {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(wanted.port),
        "MINISTACK_ACCOUNT_ID": wanted.account,
        "MINISTACK_REGION": wanted.region,
        "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "s3"),
        "PERSIST_STATE": "1" if wanted.persist else "0",
        "S3_PERSIST": "1" if wanted.persist else "0",
        # What tasks and databases run is ours: no container engine, even where there is one.
        "DOCKER_HOST": f"unix://{folder}/no-docker",
    }
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    from mlops_infra.rehearsal.aws.innards import app
    from mlops_infra.rehearsal.aws.install import install
    from mlops_infra.rehearsal.aws.running import Running

    url = f"http://127.0.0.1:{wanted.port}"
    running = Running(folder, url=url, door_port=wanted.door_port)
    install(folder, None if wanted.record_only else running)
    if wanted.until_eof:
        Thread(target=_stop_at_eof, daemon=True).start()
    sys.argv = sys.argv[:1]  # it parses the command line again
    try:
        app.main()
    finally:
        running.stop()


def _stop_at_eof() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
