"""WHERE: a condition is checked against the org's fields and becomes a test of one record.

Texts compare without regard to case; an empty text is null; a null is unequal to every value, and
neither smaller nor greater. Ids compare by their characters. Switches tell otherwise of nulls under
NOT and `<`, and of ids. A test answers True, False, or None where nobody knows.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import ge, gt, le, lt
from typing import Any

from connectors.sandbox.salesforce import ids
from connectors.sandbox.salesforce.errors import SalesforceError
from connectors.sandbox.salesforce.fields import IDS, NUMBERS, Field, ObjectType
from connectors.sandbox.salesforce.org import Org, Values
from connectors.sandbox.salesforce.soql_binding import Scope, value_at
from connectors.sandbox.salesforce.soql_dates import span_of
from connectors.sandbox.salesforce.soql_parser import parse_condition
from connectors.sandbox.salesforce.soql_tokens import (
    Token,
    read_moment,
    read_string,
    refusal,
    unexpected,
)
from connectors.sandbox.salesforce.soql_tree import (
    Comparison,
    Condition,
    Function,
    Group,
    Operand,
    place_of,
)

# What a test looks at: a record, or the records of a group.
Seen = Any
Test = Callable[[Seen], bool | None]
# A field, and how its value is read of what a test looks at.
Bound = tuple[Field, Callable[[Seen], Any]]
Binder = Callable[[Operand], Bound]
_TYPE_WORDS = {"datetime": "dateTime", "currency": "double", "percent": "double", "id": "ID"}
_EQUALITY = frozenset({"=", "!=", "IN", "NOT IN"})
_ORDER: dict[str, Callable[[Any, Any], Any]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_FLAGS = {"TRUE": True, "FALSE": False}


@dataclass(frozen=True, slots=True)
class _Span:
    """What a relative date covers: from `start` to before `end`."""

    start: Any
    end: Any


def matches(org: Org, kind: ObjectType, values: Values, condition: str) -> bool:
    """Whether a record meets a condition of an administrator's rule, who sees every field."""
    scope = Scope(org, "", kind, condition)
    return bool(compiled(scope, parse_condition(condition))(values))


def compiled(scope: Scope, condition: Condition, binder: Binder | None = None) -> Test:
    """Make a test of a condition; SalesforceError when a field or a value does not fit.

    `binder` finds what an operand is where it may be more than a field of a record (HAVING).
    """
    if isinstance(condition, Comparison):
        return _comparison(scope, condition, binder or (lambda named: of_record(scope, named)))
    return _group(scope, condition, binder)


def of_record(scope: Scope, operand: Operand) -> Bound:
    """Find the field of a record that an operand names; functions have no place there."""
    if isinstance(operand, Function):
        raise unexpected(scope.source, operand.name)
    path, org = scope.bind(operand), scope.org
    return path.field, lambda values: value_at(org, values, path)


def _group(scope: Scope, group: Group, binder: Binder | None) -> Test:
    tests = [compiled(scope, part, binder) for part in group.parts]
    if group.joint == "NOT":
        return lambda seen: None if (found := tests[0](seen)) is None else not found
    decisive = group.joint == "OR"

    def test(seen: Seen) -> bool | None:
        found: bool | None = not decisive
        for part in tests:
            answer = part(seen)
            if answer is decisive:
                return decisive
            if answer is None:
                found = None
        return found

    return test


def _comparison(scope: Scope, comparison: Comparison, binder: Binder) -> Test:
    field, read = binder(comparison.field)
    _check(scope, comparison, field)
    wanted = [_wanted(scope, comparison, field, literal) for literal in comparison.literals]
    switches = scope.org.switches
    is_id = field.type in IDS
    if is_id and switches.id_order == "ignoring_case":
        wanted = [value and id_key(value) for value in wanted]
    decide = _decided(comparison.operator, wanted)
    is_ordered = comparison.operator not in _EQUALITY
    of_null: bool | None = False
    if switches.null_is_below_everything and comparison.operator in {"<", "<="}:
        of_null = True
    elif switches.null_under_not == "excluded":
        of_null = None

    def test(seen: Seen) -> bool | None:
        value = read(seen)
        if is_ordered and value is None:
            return of_null
        return decide(_comparable(field, value, switches.id_order))

    return test


def id_key(record_id: str) -> str:
    """Return what ids are compared by when their case counts for nothing."""
    return record_id.casefold()


def _check(scope: Scope, comparison: Comparison, field: Field) -> None:
    operator, token = comparison.operator, place_of(comparison.field)
    if not field.is_filterable:
        raise refusal(
            "INVALID_FIELD", scope.source, token.place,
            f"field '{field.name}' can not be filtered in a query call",
        )  # fmt: skip
    is_text = field.type not in IDS | NUMBERS | {"boolean", "date", "datetime"}
    is_allowed = is_text or operator != "LIKE"
    if field.type in {"boolean", "multipicklist"}:
        is_allowed = operator in _EQUALITY
    is_null = any(literal.word == "NULL" and literal.kind == "name"
                  for literal in comparison.literals)  # fmt: skip
    if not is_allowed or (is_null and operator not in _EQUALITY):
        shown = "id" if field.type in IDS else field.type
        raise refusal(
            "INVALID_QUERY_FILTER_OPERATOR", scope.source, token.place,
            f"invalid operator on {shown} field",
        )  # fmt: skip


def _wanted(scope: Scope, comparison: Comparison, field: Field, literal: Token) -> Any:  # noqa: ANN401 - any field's value
    """Turn a literal into what the field's values are compared with."""
    if literal.kind == "name" and literal.word == "NULL":
        return None
    found = _read(scope, comparison, field, literal)
    if found is None:
        quotes = "should not be enclosed in quotes"
        if field.type not in NUMBERS | {"boolean", "date", "datetime"}:
            quotes = "should be enclosed in quotes"
        word = _TYPE_WORDS.get(field.type, field.type)
        if quotes.startswith("should be") and field.type not in IDS:
            word = "string"
        raise refusal(
            "INVALID_FIELD", scope.source, place_of(comparison.field).place,
            f"value of filter criterion for field '{field.name}' must be of type {word} and "
            f"{quotes}",
        )  # fmt: skip
    return found


def _read(scope: Scope, comparison: Comparison, field: Field, literal: Token) -> Any:  # noqa: ANN401 - any field's value
    if field.type in NUMBERS:
        return float(literal.text) if literal.kind == "number" else None
    if field.type == "boolean":
        return _FLAGS.get(literal.word) if literal.kind == "name" else None
    if field.type in {"date", "datetime"}:
        return _moment(scope, comparison, field, literal)
    return _text(scope, comparison, field, literal) if literal.kind == "string" else None


def _text(scope: Scope, comparison: Comparison, field: Field, literal: Token) -> Any:  # noqa: ANN401 - a text, an id or a pattern
    if comparison.operator == "LIKE":
        return _pattern(read_string(literal, is_pattern=True))
    text = read_string(literal, is_pattern=False)
    if field.type in IDS:
        return _id(scope, comparison, text)
    # An empty text is what null is: an empty tuple stands for it, since None is no literal here.
    return text.casefold() if text else ()


def _id(scope: Scope, comparison: Comparison, text: str) -> Any:  # noqa: ANN401 - an id, or the mark of an empty text
    found = ids.long_id(text) if text else ()
    if found is None:
        raise refusal(
            "INVALID_QUERY_FILTER_OPERATOR", scope.source, place_of(comparison.field).place,
            f"invalid ID field: {text}",
        )  # fmt: skip
    return found


def _moment(scope: Scope, comparison: Comparison, field: Field, literal: Token) -> Any:  # noqa: ANN401 - a day, an instant or a span
    if literal.kind in {"date", "instant"}:
        expected = "date" if field.type == "date" else "instant"
        return read_moment(scope.source, literal) if literal.kind == expected else None
    if literal.kind not in {"name", "relative"}:
        return None
    org = scope.org
    today = org.clock.now().astimezone(org.zone).date()
    settings = next(org.rows("Organization"), {})
    try:
        fiscal = settings.get("FiscalYearStartMonth") or 1
        span = span_of(literal.text, today, fiscal, first_day=org.switches.week_starts_on)
        if span is None:
            return None
        if comparison.operator in {"IN", "NOT IN"}:
            raise refusal(
                "MALFORMED_QUERY", scope.source, literal.place,
                f"unexpected token: '{literal.text}'",
            )  # fmt: skip
        if field.type == "date":
            return _Span(*span)
        return _Span(org.clock.midnight(span[0]), org.clock.midnight(span[1]))
    except OverflowError as error:
        raise SalesforceError(
            "MALFORMED_QUERY", f"The date literal '{literal.text}' is out of range."
        ) from error


def _pattern(text: str) -> re.Pattern[str]:
    r"""Turn a LIKE pattern into a regular expression; `\\` keeps a sign from its meaning."""
    made, is_escaped = "", False
    for sign in text:
        if is_escaped or sign not in "\\%_":
            made, is_escaped = made + re.escape(sign), False
        elif sign == "\\":
            is_escaped = True
        else:
            made += ".*" if sign == "%" else "."
    return re.compile(made, re.IGNORECASE | re.DOTALL)


def _comparable(field: Field, value: Any, id_order: str) -> Any:  # noqa: ANN401 - any field's value
    if isinstance(value, str) and (field.type not in IDS or id_order == "ignoring_case"):
        return value.casefold()
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return value


def _decided(operator: str, wanted: list[Any]) -> Callable[[Any], bool]:
    """Return the decision about one value."""
    wanted = [None if value == () else value for value in wanted]
    first = wanted[0]
    if operator in {"IN", "NOT IN"}:
        is_in = operator == "IN"
        return lambda value: (value in wanted) is is_in
    if operator == "LIKE":
        return lambda value: isinstance(value, str) and bool(first.fullmatch(value))
    if isinstance(first, _Span):
        return _by_span(operator, first)
    if operator in {"=", "!="}:
        is_equal = operator == "="
        return lambda value: bool(value == first) is is_equal
    compare = _ORDER[operator]
    # A null, or an empty text, is neither smaller nor greater than anything.
    return lambda value: None not in {value, first} and bool(compare(value, first))


def _by_span(operator: str, span: _Span) -> Callable[[Any], bool]:
    """Compare with a span of days: equal is inside it, greater is after all of it."""
    start, end = span.start, span.end
    if operator in {"=", "!="}:
        is_equal = operator == "="
        return lambda value: (value is not None and start <= value < end) is is_equal
    edge = start if operator in {"<", ">="} else end
    is_before = operator in {"<", "<="}
    return lambda value: value is not None and (value < edge) is is_before
