"""The client: a process of its own that keeps a number of connections busy for a while.

Bare sockets and one selector, because a client library would be what is measured: httpx takes
more of a core for a request than a tuned server does. What this client takes is in its answer.

Usage: ``python -m tools.bench.load < job.json``, prints the `Result` as JSON.
"""

from __future__ import annotations

import http.client
import json
import selectors
import socket
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Literal

API = "/api/2.0/mlflow"
METRICS = 10
FIRST_STEP = 10_000_000  # eight digits, so that every body is as long as the first
DRAIN_SECONDS = 60

Kind = Literal["get", "log"]


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to ask of whom, and for how long; what ends within the warm-up does not count."""

    port: int
    kind: Kind
    authorization: str = ""
    connections: int
    seconds: float
    warm_seconds: float = 0.7


@dataclass(kw_only=True)
class Result:
    """What came of it."""

    rate: float = 0
    """Requests per second."""
    errors: int = 0
    client_share: float = 0
    """How much of one core the client itself took."""
    seconds: list[float] = field(default_factory=list)
    """How long each request took, sorted."""


class Connection:
    """One keep-alive connection with at most one request under way."""

    def __init__(self, job: Job, run_id: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", job.port), timeout=DRAIN_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._template = _request(job, run_id)
        self._step = FIRST_STEP
        self._received = b""
        self.began = 0.0

    def send(self) -> None:
        self._step += 1
        self._received = b""
        self.began = time.perf_counter()
        self.socket.sendall(self._template.replace(b"@@STEP@@", b"%d" % self._step))

    def receive(self) -> int | None:
        """Return the status once the answer is whole, 0 where the server hung up, else None."""
        part = self.socket.recv(65536)
        if not part:
            return 0
        self._received += part
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return None
        _, _, after = head.lower().partition(b"content-length:")
        if len(body) < int(after.split(b"\r\n", 1)[0]):
            return None
        return int(head[9:12])


def drive(job: Job) -> Result:
    """Keep every connection busy until the time is over, then wait for what is under way."""
    result = Result()
    run_ids = _new_runs(job) if job.kind == "log" else [""] * job.connections
    with selectors.DefaultSelector() as selector:
        for run_id in run_ids:
            connection = Connection(job, run_id)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send()
        start = time.perf_counter() + job.warm_seconds
        end = start + job.seconds
        counted, cpu = 0, time.process_time()
        while selector.get_map():
            ready = selector.select(DRAIN_SECONDS)
            if not ready:
                result.errors += len(selector.get_map())
                break
            for key, _ in ready:
                status = key.data.receive()
                if status is None:
                    continue
                now = time.perf_counter()
                result.errors += status != http.client.OK
                result.seconds.append(now - key.data.began)
                counted += start <= now < end
                if now < end and status:
                    key.data.send()
                else:
                    selector.unregister(key.fileobj)
                    key.data.socket.close()
        result.client_share = (time.process_time() - cpu) / (time.perf_counter() - start)
    result.rate = counted / job.seconds
    result.seconds.sort()
    return result


def _request(job: Job, run_id: str) -> bytes:
    head = [f"Host: 127.0.0.1:{job.port}"]
    if job.authorization:
        head.append(f"Authorization: {job.authorization}")
    if job.kind == "get":
        first, body = f"GET {API}/experiments/get?experiment_id=0 HTTP/1.1", ""
    else:
        metric = '{"key": "metric_%d", "value": 0.5, "timestamp": 17@@STEP@@000, "step": @@STEP@@}'
        metrics = ", ".join(metric % number for number in range(METRICS))
        first = f"POST {API}/runs/log-batch HTTP/1.1"
        body = f'{{"run_id": "{run_id}", "metrics": [{metrics}]}}'
        head += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([first, *head, "", body]).encode()


def _new_runs(job: Job) -> list[str]:
    """Create a run for each connection, as as many training jobs would."""
    connection = http.client.HTTPConnection("127.0.0.1", job.port, timeout=DRAIN_SECONDS)
    headers = {"Content-Type": "application/json"}
    if job.authorization:
        headers["Authorization"] = job.authorization
    run_ids = []
    for _ in range(job.connections):
        body = json.dumps({"experiment_id": "0", "start_time": int(time.time() * 1000)})
        connection.request("POST", f"{API}/runs/create", body=body, headers=headers)
        answer = json.loads(connection.getresponse().read())
        run_ids.append(answer["run"]["info"]["run_id"])
    connection.close()
    return run_ids


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(drive(Job(**json.load(sys.stdin))))))
