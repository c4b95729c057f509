"""GROUP BY and what stands in for several records: COUNT, SUM, AVG, MIN, MAX, parts of days.

Sources: "GROUP BY", "HAVING" and "Date Functions" of the SOQL reference. Currencies are added up in
the corporate one; parts of an instant are those of UTC.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.salesforce.derived import fiscal_period
from connectors.sandbox.salesforce.errors import SalesforceError
from connectors.sandbox.salesforce.fields import IDS, NUMBERS, Field
from connectors.sandbox.salesforce.org import Org, Values
from connectors.sandbox.salesforce.soql_binding import Path, Scope, value_at
from connectors.sandbox.salesforce.soql_condition import Bound, compiled
from connectors.sandbox.salesforce.soql_parser import AGGREGATES
from connectors.sandbox.salesforce.soql_tokens import refusal
from connectors.sandbox.salesforce.soql_tree import Function, Operand, Query, Selection, place_of
from connectors.sandbox.salesforce.values import outgoing

# Salesforce gives groups in one answer or not at all.
_MOST_GROUPS = 2000
_ORDERED = NUMBERS | {"date", "datetime", "string", "picklist", "phone", "email", "url"}
_COUNTED = frozenset({"COUNT", "COUNT_DISTINCT"})
Records = list[Values]


@dataclass(frozen=True, slots=True)
class _Group:
    """One GROUP BY entry: what it is called among operands, its field and its reader."""

    name: str
    field: Field
    read: Callable[[Values], Any]


class Groups:
    """The groups of one query; `rows` are the records of each."""

    def __init__(self, scope: Scope, query: Query) -> None:
        self._scope = scope
        self._groups = {
            group.name: group for group in (self._group(operand) for operand in query.groups)
        }
        self._columns = self._named(query.selections)
        self.rows: list[Records] = []

    def fill(self, query: Query, records: Records) -> None:
        """Part the records and keep the groups that HAVING wants; SalesforceError."""
        parted: dict[tuple[Any, ...], Records] = {}
        for values in records:
            key = tuple(_same(group, values) for group in self._groups.values())
            parted.setdefault(key, []).append(values)
        self.rows = list(parted.values()) if self._groups else [records]
        if query.having is not None:
            test = compiled(self._scope, query.having, self.bind)
            self.rows = [row for row in self.rows if test(row)]
        wanted = len(self.rows) if query.limit is None else min(query.limit, len(self.rows))
        if wanted > _MOST_GROUPS:
            raise SalesforceError(
                "EXCEEDED_ID_LIMIT",
                "Aggregate query does not support queryMore(), use LIMIT to restrict the results "
                "to a single batch",
            )

    def _group(self, operand: Operand) -> _Group:
        token = operand.field if isinstance(operand, Function) else operand
        path = self._scope.bind(token)
        if isinstance(operand, Function):
            if operand.word in AGGREGATES:
                raise self._refusal(operand, f"Grouped by an aggregate: {operand.name.text}")
            return self._part_of_day(operand, path)
        shown = path.field.as_json()
        if not shown["groupable"]:
            raise self._refusal(
                operand, f"field '{path.field.name}' can not be grouped in a query call"
            )
        return _Group(path.name, path.field, self._reader(path))

    def _reader(self, path: Path) -> Callable[[Values], Any]:
        org = self._scope.org
        return lambda values: value_at(org, values, path)

    def _part_of_day(self, function: Function, path: Path) -> _Group:
        if path.field.type not in {"date", "datetime"}:
            raise self._refusal(function, f"{function.name.text} needs a date: {path.field.name}")
        org, read, word = self._scope.org, self._reader(path), function.word
        type_name = "date" if word == "DAY_ONLY" else "int"
        field = Field(name=word, type=type_name, label=word, precision=8)

        def part(values: Values) -> Any:  # noqa: ANN401 - a day or a number
            moment = read(values)
            day = moment.date() if isinstance(moment, datetime) else moment
            return None if day is None else _part(org, word, day)

        return _Group(f"{word}({path.name})", field, part)

    def bind(self, operand: Operand) -> Bound:
        """Find what an operand is of a group; SalesforceError when it is none."""
        if isinstance(operand, Function) and operand.word in AGGREGATES:
            return self._aggregate(operand)
        token = operand.field if isinstance(operand, Function) else operand
        path = self._scope.bind(token)
        name = f"{operand.word}({path.name})" if isinstance(operand, Function) else path.name
        group = self._groups.get(name)
        if group is None:
            raise SalesforceError(
                "MALFORMED_QUERY", f"Field must be grouped or aggregated: {path.field.name}"
            )
        return group.field, lambda records: group.read(records[0])

    def _aggregate(self, function: Function) -> Bound:
        path = self._scope.bind(function.field)
        field, word = path.field, function.word
        is_number = field.type in NUMBERS
        is_possible = field.is_filterable and (
            word in _COUNTED or is_number or (word in {"MIN", "MAX"} and field.type in _ORDERED)
        )
        if not is_possible:
            raise self._refusal(
                function, f"field {field.name} does not support aggregate operator {word}"
            )
        read = self._converted(path) if field.type == "currency" else self._reader(path)
        result = field
        if word in _COUNTED:
            result = Field(name=word, type="int", label=word, precision=8)
        elif word == "AVG":
            result = Field(name=word, type="double", label=word, precision=18, scale=6)
        work = _WORK[word]

        def told(records: Records) -> Any:  # noqa: ANN401 - a number, a day or a text
            return work([value for row in records if (value := read(row)) is not None])

        return result, told

    def _converted(self, path: Path) -> Callable[[Values], Any]:
        org, read = self._scope.org, self._reader(path)
        if not org.is_multi_currency:
            return read
        rates = {row["IsoCode"]: row["ConversionRate"] for row in org.rows("CurrencyType")}

        def corporate(values: Values) -> Any:  # noqa: ANN401 - an amount, or none
            amount = read(values)
            return amount and amount / rates.get(values.get("CurrencyIsoCode"), 1.0)

        return corporate

    def _named(self, selections: tuple[Selection, ...]) -> dict[str, Bound]:
        columns: dict[str, Bound] = {}
        unnamed = 0
        for selection in selections:
            operand = selection.operand
            if selection.alias is not None:
                name = selection.alias.text
            elif isinstance(operand, Function):
                name, unnamed = f"expr{unnamed}", unnamed + 1
            else:
                name = self._scope.bind(operand).field.name
            if name in columns:
                raise self._refusal(operand, f"duplicate alias: {name}")
            columns[name] = self.bind(operand)
        return columns

    def _refusal(self, operand: Operand, words: str) -> SalesforceError:
        place = place_of(operand).place
        return refusal("MALFORMED_QUERY", self._scope.source, place, words)

    def printed(self, records: Records) -> JsonObject:
        """Print one group."""
        shown: JsonObject = {"attributes": {"type": "AggregateResult"}}
        return shown | {name: outgoing(read(records)) for name, (_, read) in self._columns.items()}


def grouped(scope: Scope, query: Query, records: Records) -> Groups:
    """Group records as a query says; SalesforceError when Salesforce would not."""
    if not query.groups and query.limit is not None:
        raise SalesforceError(
            "MALFORMED_QUERY",
            "Non-grouped query that uses overall aggregate functions cannot also use LIMIT",
        )
    found = Groups(scope, query)
    found.fill(query, records)
    return found


def _same(group: _Group, values: Values) -> Any:  # noqa: ANN401 - any field's value
    """Return what two values of one group have in common: texts differ by more than case."""
    value = group.read(values)
    is_text = isinstance(value, str) and group.field.type not in IDS
    return value.casefold() if is_text else value


def _part(org: Org, word: str, day: date) -> date | int:
    if word == "DAY_ONLY":
        return day
    calendar, _, unit = word.partition("_")
    if calendar == "FISCAL":
        year, quarter, month = fiscal_period(org, day)
    else:
        year, quarter, month = day.year, (day.month + 2) // 3, day.month
    return {"YEAR": year, "QUARTER": quarter, "MONTH": month}[unit]


_WORK: dict[str, Callable[[list[Any]], Any]] = {
    "COUNT": len,
    "COUNT_DISTINCT": lambda found: len(
        {value.casefold() if isinstance(value, str) else value for value in found}
    ),
    "SUM": lambda found: sum(found) if found else None,
    "AVG": lambda found: sum(found) / len(found) if found else None,
    "MIN": lambda found: min(found, default=None),
    "MAX": lambda found: max(found, default=None),
}
