"""Serving an emulated CRM from a process of its own, until it is told to end."""

import signal
from collections.abc import Callable
from queue import SimpleQueue
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
    # Reentrant, unlike an event: a signal may come just as its thread begins to wait.
    orders: SimpleQueue[int] = SimpleQueue()

    def end(number: int, _frame: FrameType | None) -> None:
        orders.put(number)

    url = sandbox.start(port)
    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        if announce is not None:
            announce(url)
        orders.get()
    finally:
        sandbox.stop()
        for number, handler in before.items():
            signal.signal(number, handler)
