"""Processes made of this one: whatever was loaded and compiled here is ready in them.

Nothing else may run here when they are made: no thread, no open store.
"""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from connectors.base import ConnectorError
from service.store.engine import StoreError

KILLED = -signal.SIGKILL
# A failure that has a name and a remedy, and one that is a defect.
REFUSED, FAILED = 3, 1


class Process:
    """A child, and the line to it."""

    def __init__(self, number: int, line: "Connection[Any, Any]") -> None:
        self.number = number
        self.line = line
        self._status: int | None = None

    def wait(self) -> int:
        """How it ended: an exit status, or a signal as a negative number."""
        if self._status is None:
            self._status = os.waitstatus_to_exitcode(os.waitpid(self.number, 0)[1])
            self.line.close()
        return self._status

    def signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self._status is None:
            os.kill(self.number, number)

    def kill(self) -> None:
        """End it now."""
        self.signal(signal.SIGKILL)
        self.wait()

    def wait_until_stopped(self) -> bool:
        """Wait until it has frozen itself; False when it has ended instead."""
        _, status = os.waitpid(self.number, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            return True
        self._status = os.waitstatus_to_exitcode(status)
        self.line.close()
        return False


def forked(work: "Callable[[Connection[Any, Any]], None]") -> Process:
    """A child that does this work with its end of the line; it ends with `REFUSED` or `FAILED`."""
    assert threading.active_count() == 1, "a process with threads must not be forked"
    here, there = Pipe()
    number = os.fork()
    if number:
        there.close()
        return Process(number, here)
    here.close()
    status = FAILED
    try:
        work(there)
        status = 0
    except (ConnectorError, StoreError):
        status = REFUSED
    except BaseException:  # noqa: BLE001 - whatever it was, this process ends here
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
