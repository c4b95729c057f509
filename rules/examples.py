"""`tests.yaml`: accounts as ops imagine them, and what the rules should make of them.

An example gives facts as they are written anywhere in a playbook, and says which tier, priority or
other result it expects, or what *why* should contain. It is evaluated by the same SELECT as the
accounts of the CRM (`service.examples`); here it is read, and its result judged. Examples are not
part of what a playbook means: they don't count in its hash.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from rules.cells import UNKNOWN
from rules.facts import Fields
from rules.language import Language, Text
from rules.located import Document, Misfit, Path, nearest
from rules.numbers import read_day, read_days, read_money, read_number
from rules.records import FieldType
from rules.segments import Segments
from rules.tagging import CONTACT_STATUS
from rules.terms import Name
from rules.time import Day

FILE = "tests.yaml"
# What an account has none of is known to be none; any other fact that is not given is unknown.
COUNTS = ("open_opportunities", "open_amount", "decision_makers", "influencers")

_KEYS = ("always", "examples")
_PARTS = ("on", "given", "expect")
_AGO = re.compile(r"(.+?)\s+ago|il y a\s+(.+)")
_AHEAD = re.compile(r"(?:in|dans)\s+(.+)")
_YES_NO = {"yes": True, "oui": True, "no": False, "non": False}


@dataclass(frozen=True, slots=True)
class Ago:
    """A day so many days before the one on which an example is evaluated."""

    days: int


Read = TypeVar("Read")
Given = str | int | float | bool | Ago | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One expectation: a result by its name, as written and as read, and where it stands."""

    name: str
    written: str
    value: Given
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An account by its facts, the day it is looked at (None for today), and what is expected."""

    name: str
    on: Day | None
    given: Mapping[str, Given]
    expected: Sequence[Expected]

    def facts(self, today: Day) -> dict[str, Any]:
        """The facts as columns hold them, those given; `today` where `on` says nothing else."""
        zero = dict.fromkeys(COUNTS, 0)
        given = {name: _on(value, self.on or today) for name, value in self.given.items()}
        return {**zero, **given}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """An expectation that the rules don't meet; `row` is that of the table which decided."""

    example: str
    expected: Expected
    got: str
    row: int | None


def judged(
    example: Example, result: Mapping[str, Any], segments: Segments, today: Day
) -> list[Mismatch]:
    """What an example expected otherwise; `result` has a column for each rule and each tag."""
    day = example.on or today
    return [
        Mismatch(
            example=example.name, expected=each, got=_spoken(each.name, result, segments, day),
            row=result.get(f"{_ruled(each.name)}_row"),
        )
        for each in example.expected
        if not _is_met(each, result, day)
    ]  # fmt: skip


def _ruled(name: str) -> str:
    """The rule that decides a result: *why* is that of the tier."""
    return "tier" if name == "why" else name


def _is_met(expected: Expected, result: Mapping[str, Any], day: Day) -> bool:
    found, wanted = result[_COLUMNS.get(expected.name, expected.name)], _on(expected.value, day)
    if expected.name == "why" and wanted is not None:
        return found is not None and wanted in found
    if isinstance(wanted, bool) and found is not None:
        found = bool(found)
    return bool(found == wanted)


_COLUMNS = {"scope": "is_in_scope", "next_contact": "next_contact_on"}


def _on(value: Given, day: Day) -> Any:  # noqa: ANN401 - a value of any column
    return day - value.days if isinstance(value, Ago) else value


def _spoken(name: str, result: Mapping[str, Any], segments: Segments, day: Day) -> str:
    """A result in the words of the playbook."""
    value = result[_COLUMNS.get(name, name)]
    if value is None:
        return UNKNOWN
    rule = segments.rule(name)
    if name == "scope" or (rule and rule.type is FieldType.YES_NO):
        return "yes" if value else "no"
    if name == "next_contact":
        away = value - day
        return f"in {away} d" if away >= 0 else f"{-away} d ago"
    return f"{value:g}" if isinstance(value, float) else str(value)


def read_examples(
    document: Document, facts: Mapping[str, Name], fields: Fields, segments: Segments
) -> list[Example]:
    """The examples of a file; what is wrong with it is said in its issues."""
    return _Reader(document, facts, fields, segments).read()


class _Reader:
    def __init__(
        self, document: Document, facts: Mapping[str, Name], fields: Fields, segments: Segments
    ) -> None:
        self._document = document
        self._facts = facts
        self._fields = fields
        self._results = _results(segments)
        # Measures of which an account without records is known to have none.
        self._nothing = {
            name: 0 for name, fact in facts.items() if fact.is_known and name not in COUNTS
        }

    def read(self) -> list[Example]:
        data = self._document.data
        if data is None:
            return []
        if not self._is_made_of((), data, _KEYS):
            return []
        always = self._given(("always",), data.get("always"))
        examples = data.get("examples")
        if not isinstance(examples, dict) or not examples:
            self._complain(
                ("examples",),
                "écrivez des exemples : un nom, puis given et expect",
                "write examples: a name, then given and expect",
            )
            return []
        return [self._example(name, each, always) for name, each in examples.items()]

    def _example(self, name: str, data: Any, always: Mapping[str, Given]) -> Example:  # noqa: ANN401 - raw YAML
        path: Path = ("examples", name)
        if not self._is_made_of(path, data, _PARTS):
            return Example(name=name, on=None, given={}, expected=[])
        on = self._read((*path, "on"), data["on"], read_day) if "on" in data else None
        given = self._given((*path, "given"), data.get("given"))
        expected = self._expected((*path, "expect"), data.get("expect"))
        everything = {**self._nothing, **always, **given}
        for fact, value in everything.items():
            known = self._facts.get(fact)
            is_day = known and known.type is FieldType.DATE and isinstance(value, int)
            if is_day and on is None:
                where = (*path, "given", fact) if fact in given else ("always", fact)
                self._complain(
                    where,
                    "avec une date fixe, ajoutez à l'exemple le jour où il vaut (on: AAAA-MM-JJ), "
                    "ou écrivez 10 d ago",
                    "with a fixed date, add the day on which the example holds (on: YYYY-MM-DD), "
                    "or write 10 d ago",
                )
        return Example(name=name, on=on, given=everything, expected=expected)

    def _given(self, path: Path, data: Any) -> dict[str, Given]:  # noqa: ANN401 - raw YAML
        if data is None:
            return {}
        if not isinstance(data, dict):
            self._complain(path, "écrivez {champ: valeur, …}", "write {field: value, …}")
            return {}
        given = {}
        for fact, written in data.items():
            if fact not in self._facts:
                hint = nearest(fact, list(self._facts))
                self._complain(
                    (*path, fact),
                    f"champ inconnu « {fact} »{hint.fr}",
                    f"unknown field '{fact}'{hint.en}",
                    at_key=True,
                )
                continue
            field = self._fields.account.get(fact)
            spellings = field.crm_values() if field else {}
            given[fact] = self._value((*path, fact), written, self._facts[fact], spellings)
        return given

    def _expected(self, path: Path, data: Any) -> list[Expected]:  # noqa: ANN401 - raw YAML
        if not isinstance(data, dict) or not data:
            self._complain(
                path,
                "écrivez ce qui est attendu : {tier: gold, …}",
                "write what is expected: {tier: gold, …}",
            )
            return []
        expected = []
        for name, written in data.items():
            if name not in self._results:
                hint = nearest(name, list(self._results))
                self._complain(
                    (*path, name),
                    f"« {name} » n'est pas un résultat des règles{hint.fr}",
                    f"'{name}' is not a result of the rules{hint.en}",
                    at_key=True,
                )
                continue
            place = self._document.places[(*path, name)]
            value = self._value((*path, name), written, self._results[name], {})
            expected.append(
                Expected(
                    name=name, written=str(written), value=value, line=place.key_line,
                    column=place.key_column,
                )
            )  # fmt: skip
        return expected

    def _value(self, path: Path, written: Any, name: Name, spellings: Mapping[str, str]) -> Given:  # noqa: ANN401 - raw YAML
        if written == UNKNOWN:
            return None
        match name.type:
            case FieldType.NUMBER:
                return self._read(path, written, read_number)
            case FieldType.MONEY:
                return self._read(path, written, read_money)
            case FieldType.DATE:
                return self._read(path, written, _day)
            case FieldType.YES_NO:
                return self._read(path, written, _yes_no)
            case _:
                return self._read(path, written, lambda text: _word(text, name, spellings))

    def _read(self, path: Path, written: Any, read: Callable[[Any], Read]) -> Read | None:  # noqa: ANN401 - raw YAML
        try:
            return read(written)
        except Misfit as error:
            self._document.complain(path, error.text)
            return None

    def _is_made_of(self, path: Path, data: Any, keys: Sequence[str]) -> bool:  # noqa: ANN401 - raw YAML
        known = ", ".join(keys)
        if not isinstance(data, dict):
            self._complain(path, f"écrivez ici {known}", f"write {known} here")
            return False
        unknown = [key for key in data if key not in keys]
        for key in unknown:
            hint = nearest(key, keys)
            self._complain(
                (*path, key),
                f"clé inconnue « {key} »{hint.fr} (clés admises : {known})",
                f"unknown key '{key}'{hint.en} (known keys: {known})",
                at_key=True,
            )
        return not unknown

    def _complain(self, path: Path, fr: str, en: str, *, at_key: bool = False) -> None:
        self._document.complain(path, Text(fr, en), at_key=at_key)


def _results(segments: Segments) -> dict[str, Name]:
    """What an example may expect, as names with their types and values."""
    own = {
        "scope": Name(name="scope", type=FieldType.YES_NO, label=Text("", ""), choices={}),
        "why": Name(name="why", type=FieldType.TEXT, label=Text("", ""), choices={}),
        "next_contact": Name(
            name="next_contact", type=FieldType.DATE, label=Text("", ""), choices={}
        ),
        "contact_status": Name(
            name="contact_status", type=FieldType.CHOICE, label=Text("", ""), choices=CONTACT_STATUS
        ),
    }
    return {**{rule.name: rule.as_name for rule in segments.rules}, **own}


def _day(written: object) -> Given:
    text = written.strip() if isinstance(written, str) else ""
    if found := _AGO.fullmatch(text):
        return Ago(read_days(found[1] or found[2]))
    if found := _AHEAD.fullmatch(text):
        return Ago(-read_days(found[1]))
    return read_day(written)


def _yes_no(written: object) -> bool:
    value = _YES_NO.get(written.lower()) if isinstance(written, str) else None
    if value is None:
        raise Misfit("écrivez yes, no ou unknown", "write yes, no or unknown")
    return value


def _word(written: object, name: Name, spellings: Mapping[str, str]) -> str:
    """A text; of a choice its value, written as such, by its label or as the CRM does."""
    if not isinstance(written, str):
        raise Misfit("écrivez une valeur", "write one value")
    if name.type is FieldType.TEXT or written in name.choices:
        return written
    labels = {
        label.to(language): value
        for value, label in name.choices.items()
        for language in Language
    }  # fmt: skip
    found = labels.get(written, spellings.get(written))
    if found is None:
        hint = nearest(written, [*name.choices, *labels])
        known = ", ".join(name.choices)
        raise Misfit(
            f"« {written} » n'est pas une valeur de {name.name}{hint.fr} (valeurs : {known})",
            f"'{written}' is not a value of {name.name}{hint.en} (values: {known})",
        )
    return found
