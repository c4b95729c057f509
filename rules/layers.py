"""The layers of the compiled SELECT: queries over each other that are computed one by one."""

from typing import Any

from sqlalchemy import cast, null
from sqlalchemy.sql.expression import FromClause, Select
from sqlalchemy.types import TypeEngine

from rules.terms import Sql


def fenced(query: Select[Any]) -> FromClause:
    """A layer that the databases compute once for each row, without storing it.

    Left to itself, their planner (SQLite's flattening, PostgreSQL's pull-up) writes the expression
    of a rule in the place of each of its uses: a chain of six rules that use each other three
    times then takes a thousand times longer. An offset, be it 0, stops both. Layers are named
    apart, since SQLite's parser gives up on subqueries that are nested some thirty times.
    """
    return query.offset(0).cte()


def nothing(kind: TypeEngine[Any] | type[TypeEngine[Any]]) -> Sql:
    """NULL of a type, which PostgreSQL wants to know."""
    return cast(null(), kind)
