"""Connections whose timeout is a deadline for the whole answer, however slowly its bytes drip.

A socket's own timeout starts anew with each byte, so a server that drips would hold a request for
ever. `POOLS` are the pools of urllib3, by scheme, over connections that don't.
"""

import http.client
import io
import socket
import time

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class _TimedReader(io.RawIOBase):
    """A socket's incoming bytes, until a moment: the timeout shrinks with each read."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._raw = sock.makefile("rb", buffering=0)
        left = sock.gettimeout()
        self._deadline = None if left is None else time.monotonic() + left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]", /) -> int | None:  # type: ignore[override]  # as io does
        if self._deadline is not None:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("timed out")
            self._socket.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    """A response whose headers and body are read by `_TimedReader`."""

    def __init__(self, sock: socket.socket, *args: object, **kwargs: object) -> None:
        super().__init__(sock, *args, **kwargs)  # type: ignore[arg-type]  # passed through
        self.fp.close()
        self.fp = io.BufferedReader(_TimedReader(sock))


class _Connection(HTTPConnection):
    response_class = _TimedResponse


class _SecureConnection(HTTPSConnection):
    response_class = _TimedResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


POOLS = {"http": _Pool, "https": _SecurePool}
