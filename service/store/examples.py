"""The examples of a playbook through its compiled SELECT, in a database that lives for a moment."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Integer, MetaData, Table, create_engine, insert, select

from rules.tagging import Tagging
from rules.terms import SQL_TYPES
from rules.time import Day
from service.store.engine import sqlite_driver


def evaluate(tagging: Tagging, accounts: Sequence[Mapping[str, Any]], today: Day) -> list[Any]:
    """For each account, by its facts: every rule, every table's winning row and every tag."""
    relation = relation_of(tagging)
    parameters = tagging.parameters(today)
    engine = create_engine("sqlite://", module=sqlite_driver()[0])
    try:
        with engine.connect() as connection:
            relation.create(connection)
            connection.execute(insert(relation), rows_of(relation, accounts))
            found: list[dict[str, Any]] = [{} for _ in accounts]
            for query in (select(tagging.layers(relation)), tagging.select(relation)):
                for row in connection.execute(query, parameters).mappings():
                    found[row["account_id"]].update(row)
    finally:
        engine.dispose()
    return found


def relation_of(tagging: Tagging) -> Table:
    """The facts that the rules read, typed as in the store."""
    return Table(
        "facts", MetaData(), Column("account_id", Integer, primary_key=True),
        *(Column(name, SQL_TYPES[tagging.names[name].type]) for name in tagging.facts),
        *(Column(name, Integer) for name in tagging.flips),
    )  # fmt: skip


def rows_of(relation: Table, accounts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of accounts, numbered from 0; what is not given of their facts is unknown."""
    names = relation.c.keys()
    return [
        {**{name: facts.get(name) for name in names}, "account_id": number}
        for number, facts in enumerate(accounts)
    ]
