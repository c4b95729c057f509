"""Days as people say them, in SQL: `14 janv.`, `Jan 14`, as `rules.language.day_month` does.

Databases know how to tell the day and the month of a day number; the names of the months are
bound parameters in the team's language.
"""

from datetime import date
from typing import Any

from sqlalchemy import Integer, Text, case, cast, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from rules.language import Language, day_month
from rules.terms import Sql

_JULIAN = 2_440_587.5
"""The Julian day of 1970-01-01."""

_SAMPLE = 28
"""A day of the month that every month has, and that is part of no month's name."""


class _Part(FunctionElement[int]):
    """A part of a day number (days since 1970): `%d` and `day`, or `%m` and `month`."""

    type = Integer()
    inherit_cache = True


@compiles(_Part)
def _part(element: _Part, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's signature
    day, _, name = (compiler.process(each, **options) for each in element.clauses)
    return f"CAST(date_part({name}, make_date(1970, 1, 1) + {day}) AS INTEGER)"


@compiles(_Part, "sqlite")
def _part_on_sqlite(element: _Part, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - same
    day, code, _ = (compiler.process(each, **options) for each in element.clauses)
    return f"CAST(strftime({code}, {day} + {_JULIAN}) AS INTEGER)"


def spoken_day(day: Sql, language: Language) -> Sql:
    """A day number as `14 janv.` or `Jan 14`; NULL for NULL."""
    subject = cast(day, Integer)
    month = _Part(subject, literal("%m", Text), literal("month", Text))
    number = cast(_Part(subject, literal("%d", Text), literal("day", Text)), Text)
    before, after = zip(*(_around(each, language) for each in range(1, 13)), strict=True)
    return _named(month, before).concat(number).concat(_named(month, after))


def _around(month: int, language: Language) -> tuple[str, str]:
    """What stands before and after the number of the day."""
    before, _, after = day_month(date(2000, month, _SAMPLE), language).partition(str(_SAMPLE))
    return before, after


def _named(month: Sql, names: tuple[str, ...]) -> Sql:
    if len(set(names)) == 1:
        return literal(names[0], Text)
    known = {number: literal(name, Text) for number, name in enumerate(names, 1)}
    return case(known, value=month, else_=literal("", Text))
