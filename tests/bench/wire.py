"""A small HTTP server for prepared answers: what stands on the other side costs next to nothing.

Each canned CRM is a process of its own that prints its address and serves until it is terminated.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import parse_qsl, urlsplit

_JSON = "application/json;charset=UTF-8"
_CSV = "text/csv"
_WORDS = {200: "OK", 201: "Created", 204: "No Content", 400: "Bad Request", 404: "Not Found",
          429: "Too Many Requests"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer; `after` seconds it leaves."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = _JSON
    after: float = 0.0


def table(body: bytes, **headers: str) -> Reply:
    """An answer in CSV; names of headers are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(body=body, headers=named, kind=_CSV)


Answer = Callable[[Call], Reply]


class _Server(asyncio.Protocol):
    def __init__(self, answer: Answer, loop: asyncio.AbstractEventLoop) -> None:
        self._answer = answer
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._received[:end])
            whole = end + 4 + _length(head)
            if len(self._received) < whole:
                return
            body = bytes(self._received[end + 4 : whole])
            del self._received[:whole]
            method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
            parts = urlsplit(target)
            reply = self._answer(Call(method, parts.path, dict(parse_qsl(parts.query)), body))
            if reply.after:
                self._loop.call_later(reply.after, self._send, reply)
            else:
                self._send(reply)

    def _send(self, reply: Reply) -> None:
        assert self._transport is not None
        if self._transport.is_closing():
            return
        lines = {
            **reply.headers,
            "Content-Type": reply.kind,
            "Date": formatdate(usegmt=True),
            "Content-Length": str(len(reply.body)),
        }
        head = [f"HTTP/1.1 {reply.status} {_WORDS[reply.status]}"]
        head += [f"{name}: {value}" for name, value in lines.items()]
        self._transport.write("\r\n".join([*head, "", ""]).encode())
        self._transport.write(reply.body)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def _serve(answer: Answer) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Server(answer, loop), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(f"http://127.0.0.1:{port}", flush=True)  # noqa: T201 - told to the parent
    await server.serve_forever()


def serve(answer: Answer) -> None:
    """Tell the address, and answer until the process is ended."""
    asyncio.run(_serve(answer))
