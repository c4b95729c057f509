"""SQL compiled once for the stores of all tests, as a process that lives long does for its own.

A store of its own for each test would compile the same few hundred statements each time, and that
was a third of what such a test took. Two engines of one dialect write a statement alike.
"""

from collections.abc import Hashable
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import Dialect
from sqlalchemy.util import LRUCache

_KEPT = 1_500
# Where SQLAlchemy puts the dialect of the engine in the key of a statement.
_Key = tuple[Dialect, *tuple[Hashable, ...]]


class _Compiled(LRUCache[Any, Any]):
    """What statements became, by the kind of database rather than by the engine."""

    def get(self, key: _Key, default: Any = None) -> Any:
        return super().get(_shared(key), default)

    def __setitem__(self, key: _Key, compiled: Any) -> None:
        super().__setitem__(_shared(key), compiled)


def share() -> None:
    """From now on, let every engine of this process look here before it compiles."""
    compiled = _Compiled(_KEPT)

    @event.listens_for(Engine, "engine_connect")
    def look_here(connection: Connection) -> None:
        connection.execution_options(compiled_cache=compiled)


def _shared(key: _Key) -> Hashable:
    dialect, *statement = key
    kind = (dialect.name, dialect.driver, dialect.server_version_info)
    return (kind, *statement)
