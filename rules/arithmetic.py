"""The arithmetic of conditions: `+ - * /` on numbers and amounts, days added to dates.

In floating point, where SQLite, PostgreSQL and any program agree to the last digit; but an
operation whose result is too large, or too close to zero, stops PostgreSQL. So a `Reach` follows
each calculation while it is compiled, and one that could get there is refused.
"""

from sqlalchemy import Float, Integer, case, cast, func, literal, type_coerce

from rules.language import Text
from rules.located import Misfit
from rules.records import FieldType
from rules.terms import TYPE_NAMES, Reach, Sql, Term

SMALLEST_NUMBER = 1e-9
"""In a calculation, a number closer to zero counts as zero."""

_LARGEST_NUMBER, _LARGEST_AMOUNT, _LARGEST_AGE = 1e15, 1e19, 1e7
_ROUNDING = 2.0**-53
_LIMIT = 1e280

_MONEY, _PLAIN, _DATE = FieldType.MONEY, FieldType.NUMBER, FieldType.DATE
_RESULTS = {
    ("+", _MONEY, _MONEY): _MONEY, ("-", _MONEY, _MONEY): _MONEY,
    ("*", _MONEY, _PLAIN): _MONEY, ("*", _PLAIN, _MONEY): _MONEY,
    ("/", _MONEY, _PLAIN): _MONEY, ("/", _MONEY, _MONEY): _PLAIN,
    ("-", _DATE, _DATE): _PLAIN,
    **{(each, _PLAIN, _PLAIN): _PLAIN for each in "+-*/"},
}  # fmt: skip


def constant(value: float) -> Term:
    """A number of the condition itself."""
    size = abs(value)
    reach = Reach(size, size, size * _ROUNDING) if size else Reach(1, 0, 1)
    return Term(type=_PLAIN, sql=literal(value, Float()), reach=reach)


def shifted(date: Term, days: int) -> Term:
    """The day so many days after a date, or before it."""
    return date.becoming(_DATE, date.sql + literal(days, Integer()))


def opposite(term: Term) -> Term:
    """Minus a number or an amount."""
    sql, reach = _prepared(term)
    return term.becoming(term.type, -sql).within(reach)


def calculated(left: Term, operator: str, right: Term) -> Term:
    """`left <operator> right`; money ÷ money is a number, as is date - date; x ÷ 0 is unknown.

    Raises `Misfit` where that has no meaning, or could be too large for a database.
    """
    result = _RESULTS.get((operator, left.type, right.type))
    if result is None:
        fr, en = TYPE_NAMES[left.type], TYPE_NAMES[right.type]
        raise Misfit(
            f"on ne calcule pas {fr.fr} {operator} {en.fr}",
            f"{fr.en} {operator} {en.en} has no meaning",
        )
    if left.type is _DATE:
        days = cast(left.sql - right.sql, Float)
        return left.becoming(result, days, right).within(Reach(1, _LARGEST_AGE, 1))
    (first, first_reach), (second, second_reach) = _prepared(left), _prepared(right)
    reach = _reached(first_reach, operator, second_reach)
    if reach.most > _LIMIT or reach.least < 1 / _LIMIT:
        raise Misfit(*_TOO_FAR)
    if operator == "/":
        second = func.nullif(second, 0.0)
    sql = type_coerce(first.op(operator, precedence=8)(second), Float)
    return left.becoming(result, sql, right).within(reach)


_TOO_FAR = Text(
    "trop de multiplications ou de divisions : une base ne saurait plus calculer",
    "too many multiplications or divisions: a database could no longer compute it",
)


def _prepared(term: Term) -> tuple[Sql, Reach]:
    """An operand in floating point, and how far its values go."""
    if term.reach is not None:
        return term.sql, term.reach
    sql: Sql = cast(term.sql, Float)
    if term.type is _MONEY:
        # A whole number of cents.
        return sql, Reach(1, _LARGEST_AMOUNT, 1)
    is_nothing = (term.sql > -SMALLEST_NUMBER) & (term.sql < SMALLEST_NUMBER)
    flushed: Sql = case((is_nothing, literal(0.0, Float())), else_=sql)
    least = SMALLEST_NUMBER
    return flushed, Reach(least, _LARGEST_NUMBER, least * _ROUNDING)


def _reached(left: Reach, operator: str, right: Reach) -> Reach:
    if operator in "+-":
        # What is left of a subtraction is a multiple of the finer grain.
        grain = min(left.grain, right.grain)
        return Reach(grain, left.most + right.most, grain)
    if operator == "*":
        least, most = left.least * right.least, left.most * right.most
    else:
        least, most = left.least / max(right.most, 1.0), left.most / right.least
    return Reach(least, most, least * _ROUNDING)
