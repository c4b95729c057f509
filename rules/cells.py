"""Cells: the short conditions of bands and tables, `high | medium`, `> 500k`, `90..365 d ago`.

A cell is about one fact or rule. Alternatives are separated by `|` (or by ` or `); `unknown` and
`known` fit every type. Ranges `a..b` include both ends. A date is compared with a day
(`>= 2026-01-01`) or by its age in days (`< 90 d ago`).
"""

import re
from collections.abc import Sequence

from sqlalchemy import and_, literal, or_

from rules.located import Misfit, nearest
from rules.numbers import read_day, read_days, read_money, read_number
from rules.records import FieldType
from rules.terms import SQL_TYPES, Sql, Term, age_compared

_SEPARATOR = re.compile(r"\s*\|\s*|\s+or\s+")
_COMPARISON = re.compile(r"(<=|>=|<|>|=)\s*(.+)")
_AGE = re.compile(r"(.*?)\s*([a-z]+)\s+ago")
_SCALED = re.compile(r".*[kKmM]\s*\$?")
UNKNOWN, KNOWN = "unknown", "known"
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


def compile_cell(text: str, subject: Term) -> Term:
    """A cell as a yes/no term about a subject; raises `Misfit`, with an offset, when it can't."""
    terms = []
    for offset, part in alternatives(text, subject.choices):
        try:
            terms.append(_alternative(part, subject))
        except Misfit as error:
            raise Misfit(*error.text, offset=offset) from error
    first, *others = terms
    return first.becoming(FieldType.YES_NO, or_(*(term.sql for term in terms)), *others)


def _alternative(text: str, subject: Term) -> Term:
    if text == UNKNOWN:
        return subject.becoming(FieldType.YES_NO, subject.sql.is_(None))
    if text == KNOWN:
        return subject.becoming(FieldType.YES_NO, subject.sql.is_not(None))
    match subject.type:
        case FieldType.YES_NO:
            return _yes_no(text, subject)
        case FieldType.CHOICE | FieldType.TEXT:
            return _word(text, subject)
        case FieldType.DATE if found := _AGE.fullmatch(text):
            return _age(found[1], found[2], subject)
        case _:
            return _measure(text, subject)


def _yes_no(text: str, subject: Term) -> Term:
    if text.lower() not in _WORDS:
        raise Misfit(
            f"« {text} » : écrivez yes, no ou unknown", f"'{text}': write yes, no or unknown"
        )
    return subject.becoming(FieldType.YES_NO, subject.sql.is_(_WORDS[text.lower()]))


def _word(text: str, subject: Term) -> Term:
    if not text:
        raise Misfit("case vide : écrivez une valeur", "empty cell: write a value")
    if subject.choices and text not in subject.choices:
        hint = nearest(text, subject.choices)
        values = ", ".join(subject.choices)
        raise Misfit(
            f"« {text} » n'est pas une valeur de {subject.uses[0]}{hint.fr} (valeurs : {values})",
            f"'{text}' is not a value of {subject.uses[0]}{hint.en} (values: {values})",
        )
    return subject.becoming(FieldType.YES_NO, subject.sql == text)


def _age(text: str, unit: str, subject: Term) -> Term:
    if ".." in text:
        low, high = (read_days(f"{part.strip()} {unit}") for part in text.split("..", 1))
        _check_order(low, high, text)
        at_least = age_compared(subject, ">=", low)
        at_most = age_compared(subject, "<=", high)
        return at_least.becoming(FieldType.YES_NO, and_(at_least.sql, at_most.sql), at_most)
    found = _COMPARISON.fullmatch(text)
    if not found:
        raise Misfit(
            f"« {text} » : écrivez par exemple < 90 d ago ou 90..365 d ago",
            f"'{text}': write for example < 90 d ago or 90..365 d ago",
        )
    return age_compared(subject, found[1], read_days(f"{found[2]} {unit}"))


def _measure(text: str, subject: Term) -> Term:
    """A number, an amount or a day: a comparison, a range or a single value."""
    if ".." in text:
        parts = text.split("..", 1)
        low, high = (_constant(part, subject) for part in parts)
        _check_order(low, high, text)
        if low and _SCALED.fullmatch(parts[1]) and not _SCALED.fullmatch(parts[0]):
            raise Misfit(
                f"« {text} » : écrivez les deux bornes de la même façon, comme 100k..500k",
                f"'{text}': write both bounds in the same way, like 100k..500k",
            )
        return subject.becoming(
            FieldType.YES_NO,
            and_(subject.sql >= _bound(low, subject), subject.sql <= _bound(high, subject)),
        )
    found = _COMPARISON.fullmatch(text)
    operator, rest = (found[1], found[2]) if found else ("=", text)
    value = _bound(_constant(rest, subject), subject)
    return subject.becoming(FieldType.YES_NO, subject.sql.op(operator, is_comparison=True)(value))


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
