"""The facts, the rules and the rows behind the tags of one account, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rules.facts import BUILT_IN
from rules.language import Language, Text, money, number
from rules.measure_reading import Measure
from rules.measures import Function
from rules.records import FieldType
from rules.rulebook import Rulebook
from rules.shapes import Rule
from rules.terms import Name
from rules.time import date_of
from service.store import explanations

# Of every account, whatever the playbook.
_STANDARD = ("name", "domain", "owner", "created")
_CRM = Text("champ standard du CRM", "standard field of the CRM")
_COMPUTED = Text("calculé par Arpent", "computed by Arpent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A fact that the rules read, with its value as people write it.

    `source` is the CRM's field, or what Arpent computes it from. `note` says since when its field
    can't be relied on, and why, in the team's language.
    """

    name: str
    label: str
    value: str | None
    source: str
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A rule and its result; of a table, each row's conditions and whether they hold.

    A condition is true, false, or None where its input is unknown.
    """

    name: str
    label: str
    result: str | None
    rows: Sequence["RowTold"] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RowTold:
    """A row of a table for this account; `won` marks the one that decided."""

    number: int
    then: str
    won: bool
    conditions: Sequence[tuple[str, bool | None]]


def _definition(measure: Measure) -> str:
    """A measure as the playbook defines it: `count: activity, when: …`."""
    parts = [
        f"{function}: {of}"
        for function in Function
        if (of := getattr(measure, function.value)) is not None
    ]
    return ", ".join([*parts, *([f"when: {measure.when}"] if measure.when else [])])


class Spoken:
    """Values and rules put in words, in the team's language."""

    def __init__(self, rulebook: Rulebook, values: Mapping[str, Any]) -> None:
        self._rulebook = rulebook
        self._values = values
        self._language: Language = rulebook.team.language
        self._currency = rulebook.team.currency

    def inputs(self, vendor: str, noted: Mapping[str, Text]) -> list[Input]:
        """Every fact that the rules read, and what is the matter with its field."""
        tagging = self._rulebook.tagging
        return [
            Input(
                name=name, label=tagging.names[name].label.to(self._language),
                value=self.value(tagging.names[name]), source=self._source(name, vendor),
                note=noted[name].to(self._language) if name in noted else None,
            )
            for name in tagging.facts
        ]  # fmt: skip

    def steps(self) -> list[Step]:
        """The rules in their order."""
        return [self.step(rule) for rule in self._rulebook.segments.rules]

    def _source(self, name: str, vendor: str) -> str:
        bound = self._rulebook.fields.account.get(name)
        measure = self._rulebook.fields.measures.get(name)
        if measure is not None:
            return _definition(measure)
        field = getattr(bound, vendor, None)
        if field is not None:
            return f"{vendor}: {field}"
        if bound is not None:
            return Text(f"lié à aucun champ de {vendor}", f"bound to no field of {vendor}").to(
                self._language
            )
        is_standard = name in _STANDARD and name in BUILT_IN
        return (_CRM if is_standard else _COMPUTED).to(self._language)

    def value(self, name: Name) -> str | None:
        """The value of a fact or a rule as people write it."""
        value = self._values[name.name]
        if value is None:
            return None
        match name.type:
            case FieldType.MONEY:
                return money(int(value), self._currency, self._language)
            case FieldType.NUMBER:
                return number(float(value), self._language)
            case FieldType.DATE:
                return date_of(int(value)).isoformat()
            case FieldType.YES_NO:
                return (Text("oui", "yes") if value else Text("non", "no")).to(self._language)
            case _:
                words = name.choices.get(value)
                return words.to(self._language) if words else str(value)

    def step(self, rule: Rule) -> Step:
        """A rule with its result."""
        won = self._values.get(rule.row_name) if rule.rows else None
        rows = [
            RowTold(
                number=index,
                then=row.then,
                won=index == won,
                conditions=[
                    (f"{cell.name}: {cell.text}", self._truth(rule, index, position))
                    for position, cell in enumerate(row.cells)
                ],
            )
            for index, row in enumerate(rule.rows, 1)
        ]
        label = rule.label.to(self._language)
        return Step(name=rule.name, label=label, result=self.value(rule.as_name), rows=rows)

    def _truth(self, rule: Rule, row: int, position: int) -> bool | None:
        truth = self._values[explanations.cell_name(rule.name, row, position)]
        return None if truth is None else bool(truth)
