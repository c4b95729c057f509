"""The points at which a process can die: around each statement, commit, call and file.

They are counted as they are passed; at the one that was given, the process kills itself. What is
passed inside a thread counts like the rest.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

from connectors.http import Transport
from service import sealed_file


class Points:
    """Those passed so far, by their labels; `before_call` hears of each call as it leaves.

    `seconds` is how long a call may take that does not say it itself.
    """

    def __init__(self, dies_at: int, seconds: float) -> None:
        self.labels: list[str] = []
        self.seconds = seconds
        self.before_call: Callable[[str], None] = lambda _: None
        self._dies_at = dies_at
        self._lock = Lock()

    def reach(self, label: str) -> None:
        """Pass a point, or die there."""
        with self._lock:
            self.labels.append(label)
            if len(self.labels) == self._dies_at:
                os.kill(os.getpid(), signal.SIGKILL)
                time.sleep(60)

    @contextmanager
    def around(self, label: str) -> Iterator[None]:
        """A point before something and one after it."""
        self.reach(f"< {label}")
        yield
        self.reach(f"> {label}")

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Count all that this process does from now on."""
        event.listen(Engine, "before_cursor_execute", lambda *call: self.reach(_said("<", call)))
        event.listen(Engine, "after_cursor_execute", lambda *call: self.reach(_said(">", call)))
        commit, send, replace = DefaultDialect.do_commit, Transport.send, sealed_file.replace

        def committed(dialect: DefaultDialect, connection: Any) -> None:
            with self.around("commit"):
                commit(dialect, connection)  # type: ignore[no-untyped-call]  # SQLAlchemy's own

        def sent(transport: Transport, method: str, url: str, **how: Any) -> Any:
            path = urlsplit(url).path
            self.before_call(path)
            with self.around(f"{method} {path}"):
                return send(transport, method, url, **{"seconds": self.seconds, **how})

        def replaced(file: Path, text: str) -> None:
            with self.around(f"file {file.name}"):
                replace(file, text)

        patch.setattr(DefaultDialect, "do_commit", committed)
        patch.setattr(Transport, "send", sent)
        patch.setattr(sealed_file, "replace", replaced)


def _said(side: str, call: tuple[Any, ...]) -> str:
    """The beginning of a statement, with the table that it writes."""
    words = str(call[2]).replace('"', "").split()
    return f"{side} sql {' '.join(words[:3])}"
