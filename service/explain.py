"""Explain: why an account is what it is. Reads the same SELECT as tagging, layer by layer."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rules.language import Language, Text, money, number
from rules.records import FieldType
from rules.rulebook import Rulebook
from rules.shapes import Rule
from rules.terms import Name
from rules.time import Day, date_of
from service.store import explanations, notices
from service.store.engine import Store
from service.store.explanations import Found
from service.store.rulebooks import Published

_RECORD_ID = re.compile(r"(?:0-2|companies|company|Account|Accounts)/(\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A fact that the rules read, with its value as people write it.

    `note` says since when its field can't be relied on, and why, in the team's language.
    """

    name: str
    label: str
    value: str | None
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything behind the tags of one account."""

    account: str
    external_id: str
    owner: str | None
    is_in_scope: bool
    tier: str | None
    why: str | None
    inputs: Sequence[Input]
    steps: Sequence[Step]
    recheck_on: Day | None
    rulebook: str


class NotFound(Exception):  # noqa: N818 - it was not found
    """No account, or several, by that name."""

    def __init__(self, asked: str, candidates: Sequence[Found]) -> None:
        some = ", ".join(f"{each.name} ({each.external_id})" for each in candidates[:8])
        self.message = (
            Text(f"Plusieurs comptes répondent à « {asked} » : {some}. Précisez l'identifiant.",
                 f"Several accounts match '{asked}': {some}. Give the id.")
            if candidates
            else Text(
                f"Aucun compte « {asked} ». Donnez son nom, son identifiant, ou l'adresse de sa "
                "page dans le CRM.",
                f"No account '{asked}'. Give its name, its id, or the address of its CRM page.",
            )
        )  # fmt: skip
        super().__init__(self.message.en)


def run(store: Store, published: Published, asked: str, today: Day) -> Explanation:
    """Explain the account with this id, name, or pasted CRM address; raises `NotFound`."""
    pasted = _RECORD_ID.search(asked)
    words = pasted[1] if pasted else asked.strip()
    tagging = published.rulebook.tagging
    with store.read() as connection:
        candidates = explanations.find(connection, words)
        if len(candidates) != 1:
            raise NotFound(asked, candidates)
        values = explanations.read(connection, tagging, published.slots, candidates[0].id, today)
        noted = notices.of_account(connection, candidates[0].id)
    return _explain(published.rulebook, candidates[0], values, noted)


def _explain(
    rulebook: Rulebook, found: Found, values: Mapping[str, Any], noted: Mapping[str, Text]
) -> Explanation:
    language = rulebook.team.language
    names = rulebook.tagging.names
    spoken = _Spoken(rulebook, values)
    inputs = [
        Input(
            name=name, label=names[name].label.to(language), value=spoken.value(names[name]),
            note=noted[name].to(language) if name in noted else None,
        )
        for name in rulebook.tagging.facts
    ]  # fmt: skip
    return Explanation(
        account=found.name, external_id=found.external_id, owner=found.owner,
        is_in_scope=bool(values["is_in_scope"]), tier=values["tier"], why=values["why"],
        inputs=inputs, steps=[spoken.step(rule) for rule in rulebook.segments.rules],
        recheck_on=values["recheck_on"], rulebook=rulebook.hash,
    )  # fmt: skip


class _Spoken:
    """Values and rules put in words, in the team's language."""

    def __init__(self, rulebook: Rulebook, values: Mapping[str, Any]) -> None:
        self._values = values
        self._language: Language = rulebook.team.language
        self._currency = rulebook.team.currency

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
