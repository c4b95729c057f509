"""The first of several days to come, on which what the clock moves must be looked at again."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, case, func, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from rules.terms import TODAY, Sql

_ARGUMENTS = 100  # a function of SQLite takes 127 at most
_NEVER = 2_000_000_000
"""A day far past any calendar: the identity of `_Earliest`."""


class _Earliest(FunctionElement[int]):
    """The smallest of at least two days; none may be NULL."""

    type = Integer()
    inherit_cache = True


@compiles(_Earliest)
def _earliest(element: _Earliest, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's signature
    return f"least({compiler.process(element.clauses, **options)})"


@compiles(_Earliest, "sqlite")
def _earliest_on_sqlite(element: _Earliest, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - same
    return f"min({compiler.process(element.clauses, **options)})"


def first_later(days: Sequence[Sql]) -> Sql:
    """The first of these days that is after today; NULL where there is none."""
    later = [case((day > TODAY, day), else_=literal(_NEVER)) for day in days]
    earliest: Sql = literal(_NEVER)
    for start in range(0, len(later), _ARGUMENTS):
        earliest = _Earliest(earliest, *later[start : start + _ARGUMENTS])
    return func.nullif(earliest, _NEVER, type_=Integer())
