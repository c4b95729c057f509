"""Servers that misbehave on purpose, byte by byte, on this machine."""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress

Script = Callable[[socket.socket], None]
# What is answered as it should be, and with what; None for the requests that meet the script.
Proper = Callable[[bytes], Script | None]


class Rogue:
    """A server that plays a script to each connection once it has read a whole request.

    `requests` are those that met the script.
    """

    def __init__(
        self,
        script: Script,
        context: ssl.SSLContext | None = None,
        proper: Proper = lambda _: None,
    ) -> None:
        self.requests: list[bytes] = []
        self.others: list[bytes] = []
        self.connections = 0
        self._script = script
        self._proper = proper
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._is_open = True
        self._threads: list[threading.Thread] = []
        scheme = "https" if context else "http"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def close(self) -> None:
        self._is_open = False
        with suppress(OSError):
            socket.create_connection(self._listener.getsockname(), timeout=60).close()
        self._acceptor.join(60)
        self._listener.close()
        for thread in self._threads:
            thread.join(60)

    def _accept(self) -> None:
        while self._is_open:
            connection, _ = self._listener.accept()
            if not self._is_open:
                connection.close()
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        self.connections += 1
        with suppress(OSError):
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            while self._is_open and (request := _request(connection)):
                answer = self._proper(request)
                (self.requests if answer is None else self.others).append(request)
                (answer or self._script)(connection)
        connection.close()


def _request(connection: socket.socket) -> bytes:
    """One request with its body; nothing once the client has left."""
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
    wanted = int(lengths[0].split(b":")[1]) if lengths else 0
    while len(body) < wanted:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answers(body: bytes, *, status: bytes = b"200 OK", headers: bytes = b"") -> Script:
    length = str(len(body)).encode()
    head = b"HTTP/1.1 " + status + b"\r\nContent-Length: " + length + b"\r\n" + headers + b"\r\n"
    return lambda connection: connection.sendall(head + body)


def drips(before: bytes, drop: bytes) -> Script:
    """Sends something, then drops, each within any timeout between two bytes, until nobody is left.

    They end after minutes: whoever waits for the end is told from whoever has a deadline, even on
    a loaded machine.
    """

    def script(connection: socket.socket) -> None:
        connection.sendall(before)
        for _ in range(6_000):
            connection.sendall(drop)
            time.sleep(0.05)

    return script


def stays_silent(connection: socket.socket) -> None:
    """Sends nothing, until the client leaves."""
    connection.recv(1)


def resets(before: bytes) -> Script:
    """Sends something, then resets the connection."""

    def script(connection: socket.socket) -> None:
        connection.sendall(before)
        linger = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        connection.close()

    return script


def closes(before: bytes) -> Script:
    """Sends something, then closes the connection properly."""

    def script(connection: socket.socket) -> None:
        connection.sendall(before)
        connection.shutdown(socket.SHUT_RDWR)
        connection.close()

    return script


def in_turn(*scripts: Script) -> Script:
    """Plays one script to each request."""
    left = iter(scripts)

    def script(connection: socket.socket) -> None:
        next(left)(connection)

    return script
