"""Ending: how a command that would run for ever learns that it is to end."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType


@contextmanager
def until_signal() -> Iterator[Callable[[], None]]:
    """A wait that ends with SIGTERM or Ctrl-C, also with one that came before it is waited for.

    Enter it in the main thread, first of all: until then SIGTERM kills, or does nothing at all to
    the first process of a container.
    """
    ended = Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    def wait() -> None:
        ended.wait()

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield wait
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
