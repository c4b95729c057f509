"""Measures: facts computed from the records of an account, as `fields.yaml` defines them.

A measure is one function (`sum`, `count`, `max`, `days_since`) over the opportunities, the
activities, the contacts or the history of an account, perhaps only over those for which a filter
holds. The filter is a condition (`rules.conditions`) over the names of that kind of record. Some
facts that every account has are measures too (`rules.facts.BUILT_IN_MEASURES`).

What they mean:
- of opportunities, those of which the account is the main one; what was deleted does not count;
- a record for which the filter is false or unknown does not count, nor does one whose day is yet
  to come: an activity counts from the day on which it happens, an entry of a history from its own;
- an entry of a history is a value that a field took, known with its day;
- a count of nothing is 0, so is a sum; the greatest of nothing is unknown;
- `days_since` counts from the last day that is not after today.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import Float, and_, case, cast, func, null, true
from sqlalchemy.sql.elements import ColumnElement

from rules.earliest import first_later
from rules.language import Text
from rules.records import ActivityKind, ContactRole, FieldType, StageKind
from rules.terms import TODAY, Name, Sql, Term


class Recorded(StrEnum):
    """The kinds of records that measures look at."""

    OPPORTUNITY = "opportunity"
    ACTIVITY = "activity"
    CONTACT = "contact"
    HISTORY = "history"


class Function(StrEnum):
    """What a measure makes of the records."""

    SUM = "sum"
    COUNT = "count"
    MAX = "max"
    DAYS_SINCE = "days_since"


def _name(name: str, kind: FieldType, label: Text, *choices: str) -> tuple[str, Name]:
    values = {each: Text(each, each) for each in choices}
    return name, Name(name=name, type=kind, label=label, choices=values)


# The names that a filter may use, by kind of record, besides the bound fields of opportunities.
NAMES: Mapping[Recorded, Mapping[str, Name]] = {
    Recorded.OPPORTUNITY: dict([
        _name("name", FieldType.TEXT, Text("nom", "name")),
        _name("amount", FieldType.MONEY, Text("montant", "amount")),
        _name("peak_amount", FieldType.MONEY, Text("plus haut montant", "greatest amount")),
        _name("state", FieldType.CHOICE, Text("état", "state"), *StageKind),
        _name("stage", FieldType.TEXT, Text("étape", "stage")),
        _name("pipeline", FieldType.TEXT, Text("pipeline", "pipeline")),
        _name("probability", FieldType.NUMBER, Text("probabilité", "probability")),
        _name("created", FieldType.DATE, Text("date de création", "creation date")),
        _name("closes", FieldType.DATE, Text("date de fermeture", "close date")),
    ]),
    Recorded.ACTIVITY: dict([
        _name("kind", FieldType.CHOICE, Text("genre", "kind"), *ActivityKind),
        _name("happened", FieldType.DATE, Text("date", "date")),
        _name("is_contact", FieldType.YES_NO, Text("contact avec le client", "client contact")),
    ]),
    Recorded.CONTACT: dict([
        _name("role", FieldType.CHOICE, Text("rôle", "role"), *ContactRole),
    ]),
    Recorded.HISTORY: dict([
        _name("field", FieldType.CHOICE, Text("champ", "field"), "stage", "owner", "amount"),
        _name("value", FieldType.TEXT, Text("valeur", "value")),
        _name("since", FieldType.DATE, Text("depuis", "since")),
    ]),
}  # fmt: skip
# The day from which on a record counts at all.
_STARTS = {Recorded.ACTIVITY: "happened", Recorded.HISTORY: "since"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured(Name):
    """A fact that is computed from records: `function` over their `subject`, filtered by `when`.

    Its expressions are over columns that bear the names of one kind of record.
    """

    record: Recorded
    function: Function
    subject: Name | None = None
    when: Term | None = None

    @property
    def reads(self) -> frozenset[str]:
        """The names of the record that must be there as columns."""
        uses = () if self.when is None else self.when.uses
        start = _STARTS.get(self.record)
        subject = None if self.subject is None else self.subject.name
        return frozenset(name for name in (*uses, start, subject) if name is not None)

    @property
    def sql(self) -> Sql:
        """The value for a group of records; of an empty group, see `of_nothing`."""
        match self.function:
            case Function.COUNT:
                return func.count(case((self._counts, 1)))
            case Function.SUM:
                # As floating point: SQLite fails on a sum of integers that is over 64 bits.
                return func.sum(case((self._counts, cast(self._subject, Float))))
            case Function.MAX:
                return func.max(case((self._counts, self._subject)))
            case Function.DAYS_SINCE:
                return TODAY - func.max(case((self._counts, self._subject)))

    @property
    def of_nothing(self) -> int | None:
        """The value where there is no record."""
        return 0 if self.function in {Function.SUM, Function.COUNT} else None

    @property
    def flip_sql(self) -> Sql:
        """For a group of records, the first later day on which the value can change by itself."""
        return func.min(first_later(self._flips))

    @property
    def _subject(self) -> Sql:
        return null() if self.subject is None else self.subject.term.sql

    @property
    def _days(self) -> list[Sql]:
        """The days that must have come for a record to count."""
        start = _STARTS.get(self.record)
        days = [] if start is None else [NAMES[self.record][start].term.sql]
        return [*days, self._subject] if self.function is Function.DAYS_SINCE else days

    @property
    def _counts(self) -> ColumnElement[bool]:
        # What has no day is not for later.
        come = [func.coalesce(day, TODAY) <= TODAY for day in self._days]
        holds = [] if self.when is None else [self.when.sql]
        return and_(true(), *holds, *come)

    @property
    def _flips(self) -> list[Sql]:
        own = [] if self.when is None else list(self.when.flips)
        days = self._days
        if self.when is not None:
            # What the filter leaves out it leaves out until one of its own days.
            days = [case((self.when.sql, day)) for day in days]
        if self.function is Function.DAYS_SINCE:
            known = and_(self._counts, self._subject.is_not(None))
            days = [*days, case((known, TODAY + 1))]
        return [*own, *days]

    @property
    def moves(self) -> bool:
        """Whether the passing of days alone can change the value."""
        return bool(self._flips)


def measured(names: Iterable[Name]) -> Mapping[str, Measured]:
    """Those of some facts that are measures, by name."""
    return MappingProxyType({each.name: each for each in names if isinstance(each, Measured)})


def measure(
    name: str,
    label: Text,
    *,
    record: Recorded,
    function: Function,
    subject: Name | None = None,
    when: Term | None = None,
    flip: str | None = None,
) -> Measured:
    """A measure as a fact, with what follows from its function: the type, and what is known of it.

    `flip` names the column of its flips, if it has any; by default one that no fact can bear.
    """
    is_count = function in {Function.COUNT, Function.DAYS_SINCE}
    kind = FieldType.NUMBER if is_count or subject is None else subject.type
    made = Measured(
        name=name, type=kind, label=label, choices={}, record=record, function=function,
        subject=subject, when=when, is_count=is_count,
        is_known=function in {Function.COUNT, Function.SUM},
        is_past=subject is not None and _STARTS.get(record) == subject.name and not is_count,
    )  # fmt: skip
    return replace(made, flip=flip or f"{name} flips") if made.moves else made
