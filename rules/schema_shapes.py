"""How values are written in a playbook, as JSON Schema draft-07: what an editor should admit.

Arpent reads every value as text; an editor reads YAML 1.2, where `500000` is a number and `500 000`
a text. Each shape here admits both. Patterns are those that JavaScript reads too, and say less than
Arpent's own readers, which `arpent rules check` asks.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

Shape = dict[str, Any]

# What may stand between digits, and is not looked at.
_GAP = " \u00a0\u202f\u2009'’"
_NUMBER = rf"[{_GAP}]*[+-]?[{_GAP}]*\d[\d{_GAP}]*(?:[.,][\d{_GAP}]+)?[kKmM]?[{_GAP}]*\$?[{_GAP}]*"
_BOUND = rf"(?:(?:<=|>=|<|>|=)\s*)?{_NUMBER}"
_OR = r"(?:\s*\|\s*|\s+or\s+)"
_YES = r"[yY][eE][sS]|[oO][uU][iI]|[nN][oO]|[nN][oO][nN]"
_ANY = "unknown|known"

TEXT: Shape = {"type": ["string", "number", "boolean"]}
AMOUNT: Shape = {"type": ["string", "number"], "pattern": rf"^\s*{_NUMBER}\s*$"}
SHARE: Shape = {"type": ["string", "number"], "pattern": rf"^\s*{_NUMBER}\s*%?\s*$"}
DURATION: Shape = {"type": "string", "pattern": r"^\s*\d+\s*[dDjJwWsS][A-Za-z]*\s*$"}
DURATIONS: Shape = {"type": "array", "items": DURATION, "minItems": 1}
DAY: Shape = {"type": "string", "pattern": r"^\s*\d{4}-\d\d-\d\d\s*$"}
_DATE = r"\s*\d{4}-\d\d-\d\d\s*"
DAY_RANGE: Shape = {"type": "string", "pattern": rf"^{_DATE}(?:\.\.{_DATE})?$"}
RATE: Shape = {"type": "string", "pattern": r"^\s*.+(?:\s[pP][eE][rR]\s|\s[pP][aA][rR]\s|/).+$"}
YEAR: Shape = {"type": ["string", "integer"], "pattern": r"^20\d\d$", "minimum": 2000,
               "maximum": 2099}  # fmt: skip
CURRENCY: Shape = {"type": "string", "pattern": r"^[^\sa-z]{3}$"}
ZONE: Shape = {"type": "string", "minLength": 1, "pattern": r"^[A-Za-z]"}
WORDS: Shape = {"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 2, "maxItems": 2}]}
TEXTS: Shape = {"type": "array", "items": TEXT, "minItems": 1}
OPTIONS: Shape = {"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1}]}
CONDITION: Shape = {"type": ["string", "boolean"], "minLength": 1}

NUMBER_CELL: Shape = {
    "type": ["string", "number"],
    "pattern": rf"^\s*(?:{_ANY}|{_BOUND}(?:\.\.{_NUMBER})?)"
    rf"(?:{_OR}(?:{_ANY}|{_BOUND}(?:\.\.{_NUMBER})?))*\s*$",
}
DATE_CELL: Shape = {"type": "string", "pattern": rf"ago|\d{{4}}-\d\d-\d\d|{_ANY}"}
YES_NO_CELL: Shape = {
    "anyOf": [
        {"enum": ["yes", "no", "unknown", "known"]},
        {"type": "string", "pattern": rf"^\s*(?:{_ANY}|{_YES})(?:{_OR}(?:{_ANY}|{_YES}))*\s*$"},
    ]
}


def one_of(words: Sequence[str]) -> Shape:
    """One of these texts, whatever YAML takes each for."""
    found: list[Any] = []
    for word in words:
        for each in (word, as_read(word)):
            # In Python True is 1; in JSON it is not.
            if not any(each == known and type(each) is type(known) for known in found):
                found.append(each)
    return {"enum": found}


def choice_cell(values: Sequence[str]) -> Shape:
    """A cell about a choice: one of its values, or several, `high | medium`."""
    if not values:
        return TEXT
    listed = "|".join([*map(_escaped, values), _ANY])
    several = rf"^\s*(?:{listed})(?:{_OR}(?:{listed}))*\s*$"
    return {
        "anyOf": [
            one_of([*values, "unknown", "known"]),
            {"type": "string", "pattern": several},
        ]
    }


def proposed(words: Sequence[str], admitted: Mapping[str, Any]) -> Shape:
    """These texts as completion, and whatever else is admitted."""
    return {"anyOf": [one_of(words), dict(admitted)]} if words else dict(admitted)


@cache
def as_read(word: str) -> Any:  # noqa: ANN401 - any scalar of YAML
    """What an editor takes a text for that stands in a YAML 1.2 file without quotes."""
    try:
        read = YAML(typ="safe", pure=True).load(word)
    except (YAMLError, ValueError):
        return word
    return read if read is None or isinstance(read, bool | int | float) else word


def _escaped(text: str) -> str:
    return "".join(f"\\{each}" if each in r"\^$.|?*+()[]{}/" else each for each in text)
