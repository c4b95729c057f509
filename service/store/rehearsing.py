"""A store in which everything can be done and nothing stays: one transaction, then taken back.

What is done in it sees what was done before in it. Others wait meanwhile where they would write
(all of SQLite, the same rows of PostgreSQL): it is for what takes a second.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from sqlalchemy import Connection

from service.store.engine import Store


class _OverError(Exception):
    """The rehearsal is over: nothing of it is kept."""


@dataclass(frozen=True, slots=True)
class _Rehearsed(Store):
    """The store from within its one transaction."""

    connection: Connection | None = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """The one transaction."""
        if self.connection is None:
            raise ValueError("a rehearsal has a transaction")
        yield self.connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A part of the one transaction that is undone alone when it fails."""
        if self.connection is None:
            raise ValueError("a rehearsal has a transaction")
        with self.connection.begin_nested():
            yield self.connection


@contextmanager
def rehearsing(store: Store) -> Iterator[Store]:
    """The same store for a moment; whatever is written to it is taken back."""
    with suppress(_OverError), store.write() as connection:
        yield _Rehearsed(store.engine, store.place, store.schema, connection)
        raise _OverError
