"""A server that takes its time and keeps HubSpot's limit: what a push can reach is then known.

Run as a process: `python -m tests.bench.limited LATENCY LIMIT` prints its address and serves until
it is terminated. Each batch is answered after LATENCY seconds; more than LIMIT requests in any ten
seconds are refused with 429, and counted. `GET /stats` gives the counts, `POST /reset` forgets.
"""

import asyncio
import json
import sys
from collections import deque
from email.utils import formatdate

import orjson

from tests.bench.canned import ACCOUNT

INTERVAL = 10.0
REFUSAL = json.dumps(
    {
        "status": "error",
        "category": "RATE_LIMITS",
        "policyName": "TEN_SECONDLY_ROLLING",
        "message": "You have reached your ten_secondly_rolling limit.",
    }
).encode()


class Portal:
    """The rolling window, and what it counted."""

    def __init__(self, latency: float, limit: int) -> None:
        self.latency = latency
        self.limit = limit
        self.recent: deque[float] = deque()
        self.calls = 0
        self.refused = 0

    def admits(self, now: float) -> bool:
        """Count a request; whether the window has room for it."""
        while self.recent and now - self.recent[0] >= INTERVAL:
            self.recent.popleft()
        if len(self.recent) >= self.limit:
            self.refused += 1
            return False
        self.recent.append(now)
        self.calls += 1
        return True

    def reset(self) -> None:
        """Begin again."""
        self.recent.clear()
        self.calls = self.refused = 0


class _Server(asyncio.Protocol):
    def __init__(self, portal: Portal, loop: asyncio.AbstractEventLoop) -> None:
        self._portal = portal
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if len(body) < length:
            return
        self._received = body[length:]
        self._answer(head.split(b" ", 2)[1], body[:length])

    def _answer(self, path: bytes, body: bytes) -> None:
        if path == b"/stats":
            counts = {"calls": self._portal.calls, "refused": self._portal.refused}
            self._send(b"200 OK", json.dumps(counts).encode())
        elif path == b"/reset":
            self._portal.reset()
            self._send(b"200 OK", b"{}")
        elif not self._portal.admits(self._loop.time()):
            self._send(b"429 Too Many Requests", REFUSAL)
        else:
            content = ACCOUNT if path.startswith(b"/account-info/") else _updated(body)
            self._loop.call_later(self._portal.latency, self._send, b"200 OK", content)

    def _send(self, status: bytes, content: bytes) -> None:
        assert self._transport is not None
        head = (
            f"Content-Type: application/json\r\nX-HubSpot-RateLimit-Max: {self._portal.limit}\r\n"
            "X-HubSpot-RateLimit-Interval-Milliseconds: 10000\r\n"
            f"Date: {formatdate(usegmt=True)}\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        if not self._transport.is_closing():
            self._transport.write(b"HTTP/1.1 " + status + b"\r\n" + head.encode() + content)


def _updated(body: bytes) -> bytes:
    """Every record of a batch was written."""
    inputs = orjson.loads(body)["inputs"]
    results = [
        {"id": one["id"], "properties": one["properties"], "archived": False} for one in inputs
    ]
    return orjson.dumps({"status": "COMPLETE", "results": results})


async def _serve(latency: float, limit: int) -> None:
    loop = asyncio.get_running_loop()
    portal = Portal(latency, limit)
    server = await loop.create_server(lambda: _Server(portal, loop), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(f"http://127.0.0.1:{port}", flush=True)  # noqa: T201 - told to the parent
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1]), int(sys.argv[2])))
