"""One process at a time renews an access: the others wait at the shelf, and find what it left."""

from collections.abc import Iterator
from contextlib import contextmanager

from connectors.base import Retriable, Shelf
from connectors.pace import Clock
from rules.language import Text

LONGEST_TURN = 90.0
"""Seconds after which another process is not waited for any more."""

_LOOK_SECONDS = 0.02


@contextmanager
def turn(shelf: Shelf | None, clock: Clock, busy: Text) -> Iterator[None]:
    """Be the only process at the shelf, where there is one; `Retriable` (`busy`) if it lasts."""
    if shelf is None:
        yield
        return
    latest = clock.monotonic() + LONGEST_TURN
    while not shelf.try_turn():
        if clock.monotonic() >= latest:
            raise Retriable(busy)
        clock.sleep(_LOOK_SECONDS)
    try:
        yield
    finally:
        shelf.end_turn()
