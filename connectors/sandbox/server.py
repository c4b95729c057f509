"""An emulated CRM on a socket: an ASGI application, and uvicorn in a thread of its own."""

import asyncio
import gzip
import socket
import struct
import threading
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from http import HTTPStatus

import orjson
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from connectors.sandbox import doors
from connectors.sandbox.exchange import ImpossibleError, Request, Response
from connectors.sandbox.faults import Fault
from connectors.sandbox.front import Front
from connectors.sandbox.spoiling import spoiled

_MEGABYTE = 1024 * 1024
_HTML = b"<!DOCTYPE html><html><body><h1>Service temporarily unavailable</h1></body></html>"


class PortInUseError(Exception):
    """Another process listens on the port that the sandbox was given."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"Port {port} of this machine is already in use: stop the program that listens on "
            "it, or give the sandbox another port (0 takes any free one)."
        )
        self.port = port


class _ReachableTransport(H11Protocol):
    """Hands the application its connection, so that a fault can cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn itself declares it
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class Application:
    """Routes API calls and `/__…` to an emulated CRM, the rest to its pages."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        if scope["type"] != "http":
            return
        path, pages = scope["path"], self._front.pages
        if path.startswith("/__"):
            request = await _read(scope, receive)
            await self._send(scope, send, doors.answer(self._front, request))
        elif pages is None or self._front.is_call(path):
            await self._call(scope, receive, send)
        else:
            await pages(scope, receive, send)

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = await _read(scope, receive)
        front = self._front
        fault = front.faults.choose(request.method, request.path, request.query)
        if fault is None:
            await self._send(scope, send, front.answer(request))
            return
        if fault.delay:
            await asyncio.sleep(fault.delay)
        instead = self._acted(fault) or self._instead(fault)
        if fault.stall or fault.reset or instead:
            front.count(request)
        if fault.stall:
            await _until_left(receive)
            return
        if fault.reset:
            await _reset(scope, receive)
            return
        response = instead or front.answer(request)
        if fault.drop_after_commit:
            await _reset(scope, receive)
            return
        if fault.stall_after_commit:
            await _until_left(receive)
            return
        if fault.status_after_commit:
            response = self._status(fault, fault.status_after_commit)
        if fault.spoil:
            response = _spoiled(response, fault)
        await self._send(scope, send, response, fault)

    def _acted(self, fault: Fault) -> Response | None:
        """Do the actions of a fault; an action that is impossible shows as a 500."""
        try:
            with self._front.lock:
                for action in [fault.act] if isinstance(fault.act, dict) else fault.act:
                    self._front.act(action)
        except ImpossibleError as error:
            body = orjson.dumps({"status": "error", "message": f"The action failed: {error}"})
            return Response(status=500, body=body, headers={"Content-Type": "application/json"})
        return None

    def _instead(self, fault: Fault) -> Response | None:
        """Return what is sent instead of an answer; None when the request is carried out."""
        if fault.html:
            shown = {"Content-Type": "text/html"}
            return Response(status=fault.status or HTTPStatus.OK, body=_HTML, headers=shown)
        if fault.gzip_bomb:
            packed = gzip.compress(b" " * (fault.gzip_bomb * _MEGABYTE))
            headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
            return Response(status=200, body=packed, headers=headers)
        if fault.expired:
            return self._front.expired()
        return self._status(fault, fault.status) if fault.status else None

    def _status(self, fault: Fault, status: int) -> Response:
        headers = {name: str(value) for name, value in fault.headers.items()}
        if fault.retry_after != "":
            headers["Retry-After"] = str(fault.retry_after)
        if isinstance(fault.body, str):
            headers.setdefault("Content-Type", "text/html")
            return Response(status=status, body=fault.body.encode(), headers=headers)
        if fault.body is not None:
            headers.setdefault("Content-Type", "application/json;charset=utf-8")
            return Response(status=status, body=orjson.dumps(fault.body), headers=headers)
        return self._front.failed(status, headers)

    async def _send(
        self, scope: Scope, send: Send, response: Response, fault: Fault | None = None
    ) -> None:
        front = self._front
        now = front.clock.now() + timedelta(seconds=front.skew_seconds)
        headers = {**response.headers, "Date": format_datetime(now, usegmt=True)}
        if response.status != HTTPStatus.NO_CONTENT:
            headers["Content-Length"] = str(len(response.body))
        lines = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in headers.items()
        ]
        await send({"type": "http.response.start", "status": response.status, "headers": lines})
        if fault is not None and fault.truncate is not None:
            await _truncated(scope, send, response.body, fault.truncate)
        elif fault is not None and fault.drip:
            await _dripped(send, response.body, fault)
        else:
            await send({"type": "http.response.body", "body": response.body})


def _spoiled(response: Response, fault: Fault) -> Response:
    """The answer with the edits of a fault; one that was packed comes unpacked."""
    headers = dict(response.headers)
    is_packed = headers.pop("Content-Encoding", "") == "gzip"
    body = gzip.decompress(response.body) if is_packed else response.body
    return replace(response, body=spoiled(body, fault.spoil), headers=headers)


async def _read(scope: Scope, receive: Receive) -> Request:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    host, port = scope["server"]
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=b"".join(chunks),
        base_url=f"http://{headers.get('host', f'{host}:{port}')}",
    )


async def _truncated(scope: Scope, send: Send, body: bytes, share: float) -> None:
    """Send a part of the promised body, then hang up in order."""
    part = body[: int(len(body) * share)]
    await send({"type": "http.response.body", "body": part, "more_body": True})
    scope["state"]["transport"].close()
    await asyncio.sleep(0.05)


async def _dripped(send: Send, body: bytes, fault: Fault) -> None:
    for start in range(0, len(body), fault.chunk):
        part = body[start : start + fault.chunk]
        await send({"type": "http.response.body", "body": part, "more_body": True})
        await asyncio.sleep(fault.drip)
    await send({"type": "http.response.body", "body": b""})


async def _reset(scope: Scope, receive: Receive) -> None:
    """Cut the connection with a TCP reset: the client gets no byte of an answer."""
    transport = scope["state"]["transport"]
    linger = struct.pack("ii", 1, 0)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    transport.abort()
    await _until_left(receive)


async def _until_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class _PromptServer(uvicorn.Server):
    """Ends when it is told to, instead of a tenth of a second later."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        await super().startup(sockets)

    async def main_loop(self) -> None:
        if not self.should_exit:
            await self._ended.wait()

    def end(self) -> None:
        """Stop serving; called from another thread."""
        self.should_exit = True
        self._loop.call_soon_threadsafe(self._ended.set)


class Server:
    """uvicorn in a daemon thread; signal handlers stay as they are."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application
        self._server: _PromptServer | None = None
        self._thread: threading.Thread | None = None

    def start(self, port: int) -> str:
        """Listen on 127.0.0.1 and return the address; PortInUseError if the port is taken."""
        listener = _listener(port)
        config = uvicorn.Config(
            self._application,
            http=_ReachableTransport,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            h11_max_incomplete_event_size=4 * 65_536,
            timeout_graceful_shutdown=1,
        )
        self._server = _PromptServer(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="sandbox", daemon=True
        )
        self._thread.start()
        ready = threading.Event()
        while not self._server.started and self._thread.is_alive():
            ready.wait(0.005)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    def stop(self) -> None:
        """Hang up on everybody and wait for the thread to end."""
        if self._server is None or self._thread is None:
            return
        self._server.end()
        self._thread.join(timeout=10)
        self._server = self._thread = None


def _listener(port: int) -> socket.socket:
    # The protocol is named because asyncio sends small answers at once only on such a socket.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # A port whose last connections are still in TIME_WAIT may be taken again at once.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(256)
    except OSError as error:
        listener.close()
        raise PortInUseError(port) from error
    return listener
