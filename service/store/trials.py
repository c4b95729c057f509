"""Accounts as they might be, through the compiled SELECT: one batch of them after another.

They are in a database that lives for a moment, like examples; the SELECT is compiled only once.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from sqlalchemy import create_engine, delete, insert
from sqlalchemy.engine import RowMapping

from rules.tagging import Tagging
from rules.time import Day
from service.store.engine import sqlite_driver
from service.store.examples import relation_of, rows_of


class Trials:
    """What the rules of a playbook make of accounts, by their facts; close it after use."""

    def __init__(self, tagging: Tagging) -> None:
        self._tagging = tagging
        self._relation = relation_of(tagging)
        self._query = tagging.select(self._relation)
        self._open = ExitStack()
        engine = create_engine("sqlite://", module=sqlite_driver()[0])
        self._open.callback(engine.dispose)
        self._connection = self._open.enter_context(engine.connect())
        self._relation.create(self._connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def tags(self, accounts: Sequence[Mapping[str, Any]], today: Day) -> list[RowMapping]:
        """The tags of each account on a day; what is not given of its facts is unknown."""
        if not accounts:
            return []
        self._connection.execute(delete(self._relation))
        self._connection.execute(insert(self._relation), rows_of(self._relation, accounts))
        parameters = self._tagging.parameters(today)
        found = self._connection.execute(self._query, parameters).mappings()
        return sorted(found, key=lambda row: row["account_id"])
