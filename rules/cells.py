"""Cells: the short conditions of bands and tables, `high | medium`, `> 500k`, `90..365 d ago`.

A cell is about one fact or rule. Alternatives are separated by `|` (or by ` or `); `unknown` and
`known` fit every type. Ranges `a..b` include both ends. A date is compared with a day
(`>= 2026-01-01`) or by its age in days (`< 90 d ago`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt
from typing import Any

from sqlalchemy import and_, literal, or_

from rules.located import Misfit, nearest
from rules.numbers import read_day, read_days, read_money, read_number
from rules.records import FieldType
from rules.terms import SQL_TYPES, Sql, Term, age_compared
from rules.time import Day

_SEPARATOR = re.compile(r"\s*\|\s*|\s+or\s+")
_COMPARISON = re.compile(r"(<=|>=|<|>|=)\s*(.+)")
_AGE = re.compile(r"(.*?)\s*([a-z]+)\s+ago")
_SCALED = re.compile(r".*[kKmM]\s*\$?")
UNKNOWN, KNOWN, RANGE = "unknown", "known", ".."
_COMPARED = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}
_WORDS = {"yes": True, "oui": True, "no": False, "non": False}


def alternatives(text: str, choices: Sequence[str] = ()) -> list[tuple[int, str]]:
    """The alternatives of a cell, each with its offset; a choice may itself contain a separator."""
    if text.strip() in choices:
        return [(len(text) - len(text.lstrip()), text.strip())]
    found, start = [], 0
    for end, after in [*(each.span() for each in _SEPARATOR.finditer(text)), (len(text), 0)]:
        part = text[start:end]
        found.append((start + len(part) - len(part.lstrip()), part.strip()))
        start = after
    return found


@dataclass(frozen=True, slots=True)
class Limit:
    """One alternative of a cell: what it asks of a value.

    `operator` is a comparison, `..`, `unknown` or `known`; the bounds are in the unit of the
    subject (minor units, days), or where `is_age` in days of age.
    """

    operator: str
    low: Any = None
    high: Any = None
    is_age: bool = False

    def holds(self, value: Any, today: Day) -> bool:  # noqa: ANN401 - of any fact
        """Whether a value, None where it is unknown, is what the alternative asks for."""
        if value is None or self.operator in {KNOWN, UNKNOWN}:
            return (value is None) is (self.operator == UNKNOWN)
        measured = today - value if self.is_age else value
        if self.operator == RANGE:
            return bool(self.low <= measured <= self.high)
        return bool(_COMPARED[self.operator](measured, self.low))

    def on(self, subject: Term) -> Term:
        """The same as a yes/no term about a subject."""
        if not self.is_age:
            return subject.becoming(FieldType.YES_NO, self._sql(subject))
        if self.operator != RANGE:
            return age_compared(subject, self.operator, self.low)
        at_least = age_compared(subject, ">=", self.low)
        at_most = age_compared(subject, "<=", self.high)
        return at_least.becoming(FieldType.YES_NO, and_(at_least.sql, at_most.sql), at_most)

    def _sql(self, subject: Term) -> Sql:
        column = subject.sql
        if self.operator in {KNOWN, UNKNOWN}:
            return column.is_(None) if self.operator == UNKNOWN else column.is_not(None)
        if self.operator == RANGE:
            low, high = _bound(self.low, subject), _bound(self.high, subject)
            return and_(column >= low, column <= high)
        if isinstance(self.low, bool):
            return column.is_(self.low)
        if isinstance(self.low, str):
            return column == self.low
        return column.op(self.operator, is_comparison=True)(_bound(self.low, subject))


def read_cell(text: str, subject: Term) -> list[Limit]:
    """The alternatives of a cell; raises `Misfit`, with an offset, when one can't be read."""
    found = []
    for offset, part in alternatives(text, subject.choices):
        try:
            found.append(_alternative(part, subject))
        except Misfit as error:
            raise Misfit(*error.text, offset=offset) from error
    return found


def compile_cell(text: str, subject: Term) -> Term:
    """A cell as a yes/no term about a subject; raises `Misfit`, with an offset, when it can't."""
    terms = [limit.on(subject) for limit in read_cell(text, subject)]
    first, *others = terms
    return first.becoming(FieldType.YES_NO, or_(*(term.sql for term in terms)), *others)


def _alternative(text: str, subject: Term) -> Limit:
    if text in {UNKNOWN, KNOWN}:
        return Limit(text)
    match subject.type:
        case FieldType.YES_NO:
            return _yes_no(text)
        case FieldType.CHOICE | FieldType.TEXT:
            return _word(text, subject)
        case FieldType.DATE if found := _AGE.fullmatch(text):
            return _age(found[1], found[2])
        case _:
            return _measure(text, subject)


def _yes_no(text: str) -> Limit:
    if text.lower() not in _WORDS:
        raise Misfit(
            f"« {text} » : écrivez yes, no ou unknown", f"'{text}': write yes, no or unknown"
        )
    return Limit("=", _WORDS[text.lower()])


def _word(text: str, subject: Term) -> Limit:
    if not text:
        raise Misfit("case vide : écrivez une valeur", "empty cell: write a value")
    if subject.choices and text not in subject.choices:
        hint = nearest(text, subject.choices)
        values = ", ".join(subject.choices)
        raise Misfit(
            f"« {text} » n'est pas une valeur de {subject.uses[0]}{hint.fr} (valeurs : {values})",
            f"'{text}' is not a value of {subject.uses[0]}{hint.en} (values: {values})",
        )
    return Limit("=", text)


def _age(text: str, unit: str) -> Limit:
    if RANGE in text:
        low, high = (read_days(f"{part.strip()} {unit}") for part in text.split(RANGE, 1))
        _check_order(low, high, text)
        return Limit(RANGE, low, high, is_age=True)
    found = _COMPARISON.fullmatch(text)
    if not found:
        raise Misfit(
            f"« {text} » : écrivez par exemple < 90 d ago ou 90..365 d ago",
            f"'{text}': write for example < 90 d ago or 90..365 d ago",
        )
    return Limit(found[1], read_days(f"{found[2]} {unit}"), is_age=True)


def _measure(text: str, subject: Term) -> Limit:
    """A number, an amount or a day: a comparison, a range or a single value."""
    if RANGE in text:
        parts = text.split(RANGE, 1)
        low, high = (_constant(part, subject) for part in parts)
        _check_order(low, high, text)
        if low and _SCALED.fullmatch(parts[1]) and not _SCALED.fullmatch(parts[0]):
            raise Misfit(
                f"« {text} » : écrivez les deux bornes de la même façon, comme 100k..500k",
                f"'{text}': write both bounds in the same way, like 100k..500k",
            )
        return Limit(RANGE, low, high)
    found = _COMPARISON.fullmatch(text)
    operator, rest = (found[1], found[2]) if found else ("=", text)
    return Limit(operator, _constant(rest, subject))


def _constant(text: str, subject: Term) -> float:
    match subject.type:
        case FieldType.MONEY:
            return read_money(text)
        case FieldType.DATE:
            return read_day(text)
        case _:
            return read_number(text)


def _bound(value: float, subject: Term) -> Sql:
    return literal(value, type_=SQL_TYPES[subject.type])


def _check_order(low: float, high: float, text: str) -> None:
    if low > high:
        raise Misfit(
            f"« {text} » : la première borne dépasse la seconde",
            f"'{text}': the first bound is above the second",
        )
