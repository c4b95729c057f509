"""Serving an emulated CRM from a process of its own, until it is told to end."""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Protocol


class Served(Protocol):
    """An emulated CRM that can be started and stopped."""

    def start(self, port: int = 0) -> str:
        """Serve on 127.0.0.1 in a thread and return the address; PortInUseError."""

    def stop(self) -> None:
        """Stop serving."""


def serve(sandbox: Served, port: int = 0, announce: Callable[[str], None] | None = None) -> None:
    """Serve until Ctrl-C or a termination signal; call it from the main thread.

    `announce` is called once with the address. PortInUseError if the port is taken.
    """
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    url = sandbox.start(port)
    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        if announce is not None:
            announce(url)
        ended.wait()
    finally:
        sandbox.stop()
        for number, handler in before.items():
            signal.signal(number, handler)
