"""The schemas of `segments.yaml` and `tests.yaml`: the four shapes over this playbook's names.

Names of fields and rules, and values in cells, are those known when the schema was made. The values
that a rule itself gives are only proposed, since they are declared a few lines higher.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rules.facts import BUILT_IN
from rules.language import Text
from rules.owned import Owned
from rules.records import FieldType
from rules.rulebook import Reading
from rules.schema_shapes import (
    AMOUNT,
    CONDITION,
    DATE_CELL,
    DAY,
    DURATION,
    NUMBER_CELL,
    TEXT,
    WORDS,
    YES_NO_CELL,
    Shape,
    choice_cell,
    one_of,
    proposed,
)
from rules.schema_words import KEYS, told
from rules.segments import TAGS
from rules.shapes import SHAPES
from rules.tagging import CONTACT_STATUS
from rules.terms import Name

_ANSWERS = ["yes", "no", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The names of a playbook; `values` are those that each rule declares.

    Where `is_whole` is false a file could not be read, and other names are admitted too.
    """

    facts: Mapping[str, Name]
    rules: Mapping[str, Name]
    values: Mapping[str, Sequence[str]]
    is_whole: bool

    @property
    def names(self) -> dict[str, Name]:
        """Facts and rules."""
        return {**self.facts, **self.rules}

    @property
    def tiers(self) -> Sequence[str]:
        """The tiers, best first."""
        return self.values.get(Owned.TIER, ())


def known_of(reading: Reading) -> Known:
    """What a playbook knows, as far as it could be read."""
    segments = reading.segments
    rules = {rule.name: rule.as_name for rule in segments.rules} if segments else {}
    document = reading.documents.get("segments.yaml")
    data = document.data if document and isinstance(document.data, dict) else {}
    values = {
        name: list(body["values"])
        for name, body in data.items()
        if isinstance(body, dict) and isinstance(body.get("values"), dict)
    }
    facts = reading.names or {
        name: Name(name=name, type=kind, label=label, choices={})
        for name, (kind, label) in BUILT_IN.items()
    }
    is_whole = bool(reading.names) and segments is not None
    return Known(facts=facts, rules=rules, values=values, is_whole=is_whole)


def segments_schema(known: Known) -> Shape:
    """`segments.yaml`: the scope, the tags, and rules of any name."""
    tags = {
        tag.value: _rule(known, tag.value, known.values.get(tag.value, ()))
        for tag in TAGS
    }  # fmt: skip
    others = {
        name: _rule(known, name, known.values.get(name, ()))
        for name in known.rules
        if name not in tags
    }
    return {
        "type": "object",
        "required": [Owned.TIER.value],
        "properties": {
            "scope": _described("Segments.scope", _closed({"when": CONDITION}, ["when"])),
            "languages": {}, "tests": {}, **tags, **others,
        },
        "propertyNames": {"pattern": r"^[^\sA-Z]+$"},
        "additionalProperties": _rule(known, "", ()),
        "definitions": {
            "name": one_of(list(known.names)) if known.is_whole else TEXT,
            "cells": _cells(known), "points": _points(known),
        },
    }  # fmt: skip


def _rule(known: Known, name: str, values: Sequence[str]) -> Shape:
    shapes: dict[str, Shape] = {
        "bands": _bands(values), "table": _table(values),
        "points": {"$ref": "#/definitions/points"}, "when": CONDITION,
    }  # fmt: skip
    admitted = ("table",) if name in TAGS else SHAPES
    keys: dict[str, Shape] = {
        "label": WORDS,
        "values": {
            "type": "object", "minProperties": 1, "additionalProperties": WORDS,
            "propertyNames": {"not": {"enum": ["known", "unknown"]}},
        },
        **{shape: shapes[shape] for shape in admitted},
    }  # fmt: skip
    if name == Owned.TIER:
        keys |= _tier_keys(known, values)
    described = {key: _described(f"Rule.{key}", shape) for key, shape in keys.items()}
    rule = _closed(described, ["values"] if name in {"tier", "priority", "quadrant"} else [])
    return {**rule, "oneOf": [{"required": [shape]} for shape in admitted]}


def _tier_keys(known: Known, tiers: Sequence[str]) -> dict[str, Shape]:
    """What only the tier has; the names of tiers are proposed."""
    by_tier = {"type": "object", "properties": dict.fromkeys(tiers, DURATION)}
    rank = {"$ref": "#/definitions/name"} if known.is_whole else TEXT
    return {
        "contact_every": {**by_tier, "additionalProperties": DURATION},
        "cap": {
            "type": "object", "minProperties": 1,
            "properties": {
                **dict.fromkeys(tiers, TEXT),
                "rank": rank, "overflow": proposed(tiers, TEXT),
            },
            "additionalProperties": TEXT,
        },
        "demote": _closed({"after": DURATION, "margin": TEXT, "of": rank}),
        "freeze": {"type": "string"},
        "contact_hours": {
            "type": "object", "properties": dict.fromkeys(tiers, TEXT),
            "additionalProperties": TEXT,
        },
        "challenge": _closed({"accept": CONDITION, "lasts": DURATION}),
    }  # fmt: skip


def _bands(values: Sequence[str]) -> Shape:
    cell: Shape = {"type": ["string", "number"]}
    return {
        "type": "object", "required": ["of"], "minProperties": 2,
        "properties": {"of": {"$ref": "#/definitions/name"}, **dict.fromkeys(values, cell)},
        "additionalProperties": cell,
    }  # fmt: skip


def _table(values: Sequence[str]) -> Shape:
    """Rows of cells; the cells themselves are in the definitions, once for all tables."""
    result = proposed(values, TEXT)
    row: Shape = {
        "type": "object",
        "properties": {
            "then": _described("Row.then", result), "else": _described("Row.else", result),
            "why": _described("Row.why", WORDS),
        },
        "allOf": [{"$ref": "#/definitions/cells"}],
        "oneOf": [{"required": ["then"]}, {"required": ["else"]}],
    }  # fmt: skip
    return {"type": "array", "minItems": 1, "maxItems": 500, "items": row}


def _cells(known: Known) -> Shape:
    cells = {name: _about(each, _cell(each)) for name, each in known.names.items()}
    row: Shape = {
        "type": "object",
        "properties": {**cells, "then": {}, "else": {}, "why": {}},
        "additionalProperties": not known.is_whole,
        "dependencies": {"else": {"propertyNames": {"enum": ["else", "why"]}}},
        "if": {"required": ["then"]},
        # Besides `then`, and `why` where there is one, a condition is needed.
        "then": {
            "if": {"required": ["why"]},
            "then": {"minProperties": 3},
            "else": {"minProperties": 2},
        },
    }
    return row


def _points(known: Known) -> Shape:
    groups = {}
    for name, each in known.names.items():
        cells = dict.fromkeys(each.choices, AMOUNT)
        group: Shape = {
            "type": "object", "minProperties": 1, "properties": cells,
            "additionalProperties": AMOUNT, "propertyNames": _as_key(_cell(each)),
        }  # fmt: skip
        groups[name] = _about(each, group)
    return {
        "type": "object", "minProperties": 1, "properties": groups,
        "additionalProperties": not known.is_whole,
    }  # fmt: skip


def _as_key(cell: Shape) -> Shape:
    """The same cell as a key, which is always a text."""
    return {"pattern": cell["pattern"]} if "pattern" in cell else cell if "anyOf" in cell else {}


def _cell(name: Name) -> Shape:
    match name.type:
        case FieldType.CHOICE:
            return choice_cell(list(name.choices))
        case FieldType.YES_NO:
            return YES_NO_CELL
        case FieldType.NUMBER | FieldType.MONEY:
            return NUMBER_CELL
        case FieldType.DATE:
            return DATE_CELL
        case _:
            return TEXT


def tests_schema(known: Known) -> Shape:
    """`tests.yaml`: facts that are given, results that are expected."""
    given = {name: _about(each, _given(each)) for name, each in known.facts.items()}
    expected: dict[str, Shape] = {
        **{name: _about(each, _given(each)) for name, each in known.rules.items()},
        "scope": one_of(_ANSWERS), "why": TEXT, "next_contact": TEXT,
        "contact_status": proposed(list(CONTACT_STATUS), TEXT),
    }  # fmt: skip
    facts: Shape = {
        "type": ["object", "null"], "properties": given, "additionalProperties": not known.is_whole,
    }  # fmt: skip
    results: Shape = {
        "type": "object", "minProperties": 1, "properties": expected,
        "additionalProperties": not known.is_whole,
    }  # fmt: skip
    example = _closed(
        {
            "on": _described("Example.on", DAY),
            "given": _described("Example.given", {"$ref": "#/definitions/facts"}),
            "expect": _described("Example.expect", results),
        },
        ["expect"],
    )
    examples = {"type": "object", "minProperties": 1, "additionalProperties": example}
    whole = _closed(
        {
            "always": _described("Tests.always", {"$ref": "#/definitions/facts"}),
            "examples": _described("Tests.examples", examples),
        },
        ["examples"],
    )
    return {**whole, "type": ["object", "null"], "definitions": {"facts": facts}}


def _given(name: Name) -> Shape:
    if name.type is FieldType.YES_NO:
        return YES_NO_CELL
    return proposed([*name.choices, "unknown"], TEXT)


def _about(name: Name, shape: Shape) -> Shape:
    """A shape with the label of what it is about."""
    return {"description": told(Text(*map(str, name.label))), **shape}


def _described(key: str, shape: Shape) -> Shape:
    # In draft-07 whatever stands beside a $ref is not looked at.
    words = {"description": told(KEYS[key])}
    return {**words, **({"allOf": [shape]} if "$ref" in shape else shape)}


def _closed(keys: Mapping[str, Any], required: Sequence[str] = ()) -> Shape:
    """An object of these keys and no other."""
    shape: Shape = {"type": "object", "properties": dict(keys), "additionalProperties": False}
    return {**shape, "required": list(required)} if required else shape
