"""Ending: how a command that would run for ever learns that it is to end."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from types import FrameType


@contextmanager
def until_signal() -> Iterator[Callable[[], None]]:
    """A wait that ends with SIGTERM or Ctrl-C, also with one that came before it is waited for.

    Enter it in the main thread, first of all: until then SIGTERM kills, or does nothing at all to
    the first process of a container.
    """
    # Reentrant: an event that is set while it is being waited for by the same thread locks it.
    orders: SimpleQueue[int] = SimpleQueue()

    def end(number: int, _frame: FrameType | None) -> None:
        orders.put(number)

    def wait() -> None:
        orders.get()

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield wait
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
