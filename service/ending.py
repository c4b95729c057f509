"""Ending: how a command that would run for ever learns that it is to end."""

import signal
from collections.abc import Callable
from threading import Event
from types import FrameType


def until_signal() -> Callable[[], None]:
    """A wait that ends with SIGTERM or Ctrl-C, also with one that came before it is waited for.

    Call it from the main thread, first of all: until then SIGTERM kills, or does nothing at all to
    the first process of a container.
    """
    ended = Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)

    def wait() -> None:
        ended.wait()

    return wait
