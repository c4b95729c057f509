"""Typed SQL expressions: what a condition, a cell and a rule compile to.

A `Term` is a SQLAlchemy expression over columns that bear the names of facts and rules, with its
type. `flips` are expressions for the days on which its truth can change by itself, as time
passes. The day on which rules are evaluated is the bound parameter `today`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Boolean, Float, Integer, bindparam, column
from sqlalchemy import Text as TextType
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeEngine

from rules.circumstances import CIRCUMSTANCES
from rules.language import Text
from rules.records import FieldType

Sql = ColumnElement[Any]

# Names that the tags, the tables and the cells of a playbook already use for themselves.
RESERVED_NAMES = (
    "account_id", "is_in_scope", "next_contact_on", "contact_status", "why", "recheck_on",
    "next_logged_contact", "then", "else", "of", "unknown", "known", "rated_tier", "settled_by",
    "wanted", *CIRCUMSTANCES,
)  # fmt: skip

TODAY: Sql = bindparam("today", type_=Integer)

SQL_TYPES: Mapping[FieldType, TypeEngine[Any]] = {
    FieldType.NUMBER: Float(),
    FieldType.MONEY: BigInteger(),
    FieldType.TEXT: TextType(),
    FieldType.CHOICE: TextType(),
    FieldType.DATE: Integer(),
    FieldType.YES_NO: Boolean(),
}

TYPE_NAMES: Mapping[FieldType, Text] = {
    FieldType.NUMBER: Text("un nombre", "a number"),
    FieldType.MONEY: Text("un montant", "an amount"),
    FieldType.TEXT: Text("un texte", "a text"),
    FieldType.CHOICE: Text("un choix", "a choice"),
    FieldType.DATE: Text("une date", "a date"),
    FieldType.YES_NO: Text("oui ou non", "yes or no"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A fact or a rule as others refer to it; `choices` are its values, with their labels.

    `flip` is the column of the facts relation with the first later day on which the value can
    change by itself. What is known beforehand of the values: never unknown (`is_known`), whole and
    never negative (`is_count`), never a day after today (`is_past`).
    """

    name: str
    type: FieldType
    label: Text
    choices: Mapping[str, Text]
    flip: str | None = None
    is_known: bool = False
    is_count: bool = False
    is_past: bool = False

    @property
    def term(self) -> "Term":
        """The column that bears this name."""
        return Term(
            type=self.type,
            sql=column(self.name, SQL_TYPES[self.type]),
            uses=(self.name,),
            choices=tuple(self.choices),
        )


class Reach(NamedTuple):
    """How far the values of a calculation go, in absolute value, zero apart.

    They are from `least` to `most`, and multiples of `grain`.
    """

    least: float
    most: float
    grain: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A typed expression; `uses` are the names that it reads, in order of appearance.

    `reach` is that of a calculation (`rules.arithmetic`).
    """

    type: FieldType
    sql: Sql
    uses: Sequence[str] = ()
    flips: Sequence[Sql] = ()
    choices: Sequence[str] = ()
    reach: Reach | None = None

    def becoming(self, kind: FieldType, sql: Sql, *others: "Term") -> "Term":
        """A term of another type made of this one and others."""
        uses = dict.fromkeys(name for term in (self, *others) for name in term.uses)
        flips = [flip for term in (self, *others) for flip in term.flips]
        return Term(type=kind, sql=sql, uses=tuple(uses), flips=tuple(flips))

    def within(self, reach: Reach) -> "Term":
        """The same term, once it is known how far its values go."""
        return replace(self, reach=reach)

    def flipping(self, *flips: Sql) -> "Term":
        """The same term with more days on which it can change."""
        return replace(self, flips=(*self.flips, *flips))


def age_compared(date: Term, operator: str, days: int) -> Term:
    """`age of date <operator> days`, the age being counted in whole days up to today.

    Written as `date <op> today - days`, so that an index could serve; flips on the day that the
    age passes the limit.
    """
    limit = TODAY - days
    conditions: dict[str, Sql] = {
        "<": date.sql > limit,
        "<=": date.sql >= limit,
        ">": date.sql < limit,
        ">=": date.sql <= limit,
        "=": date.sql == limit,
        "!=": date.sql != limit,
    }
    at, after = date.sql + days, date.sql + (days + 1)
    flips = {"<": [at], ">=": [at], "<=": [after], ">": [after]}.get(operator, [at, after])
    return date.becoming(FieldType.YES_NO, conditions[operator]).flipping(*flips)
