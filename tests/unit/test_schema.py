"""The schemas of a playbook: draft-07, what is right passes, what is misshapen does not."""

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError

from rules.cells import read_cell
from rules.language import Text
from rules.located import Misfit
from rules.records import FieldType
from rules.rulebook import compile_rulebook, read_rulebook
from rules.schema import DRAFT, FOLDER, header, schemas
from rules.schema_shapes import NUMBER_CELL, as_read
from rules.terms import Name
from tests.playbooks import SHIPPED, shipped, small
from tests.unit import gallery
from tests.unit.test_docs import examples, with_example

SHAPE = re.compile(r"\b(bands|table|points|when):")
# The parts of a file, each read once however often it is met.
_SECTION = re.compile(r"^(?=\w)", re.MULTILINE)
_COMMENTS = re.compile(r"(?:\ufeff|#.*\n|\s)*")
OLGA = Path(__file__).parent.parent / "acceptance" / "olga_playbook"
# Of the broken files that YAML can read, so many are refused by their keys and shapes alone; the
# others need what only `rules check` knows: conditions, sums, proofs.
FLOOR = 85


def made(files: Mapping[str, str | bytes]) -> dict[str, Any]:
    return {
        name.removesuffix(".schema.json"): json.loads(text)
        for name, text in schemas(read_rulebook(files)).items()
    }


def in_editor(text: str) -> Any:
    """What an editor takes a file for: YAML 1.2, without dates, and JSON's keys."""
    head, *sections = _SECTION.split(text)
    if _COMMENTS.fullmatch(head) is None or not sections:
        return _loaded(text)
    parts = [_loaded(section) for section in sections]
    if not all(isinstance(part, dict) for part in parts):
        return _loaded(text)
    return {key: each for part in parts for key, each in part.items()}


@cache
def _loaded(text: str) -> Any:
    loader = YAML(typ="safe", pure=True)
    loader.Constructor = _WithoutDates
    return _as_json(loader.load(text))


class _WithoutDates(SafeConstructor):
    """Of YAML 1.2, whose core knows no dates."""


_WithoutDates.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {_key(key): _as_json(each) for key, each in value.items()}
    return [_as_json(each) for each in value] if isinstance(value, list) else value


def _key(key: object) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def kind(file: str) -> str:
    return "plan" if file.startswith("plans/") else file.removesuffix(".yaml")


def faults(files: Mapping[str, str | bytes], *only: str) -> list[str]:
    """What the schemas made of a playbook hold against it, or against some files of it."""
    found = made(files)
    return [
        f"{file} {list(error.absolute_path)}: {error.message[:150]}"
        for file, text in files.items()
        if not only or file in only
        for error in Draft7Validator(found[kind(file)]).iter_errors(in_editor(str(text)))
    ]


def parts(schema: Any) -> Iterator[tuple[str, Any]]:
    """Every key of a schema with its value."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            yield key, value
            yield from parts(value)
    elif isinstance(schema, list):
        for each in schema:
            yield from parts(each)


@cache
def of_shipped() -> dict[str, Any]:
    return made(shipped())


def olga() -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in OLGA.glob("*.yaml")}


def test_the_schemas_are_of_draft_07_and_nothing_later() -> None:
    for schema in of_shipped().values():
        Draft7Validator.check_schema(schema)
        assert schema["$schema"] == DRAFT
        keys = {key for key, _ in parts(schema)}
        assert not keys & {"$defs", "prefixItems", "unevaluatedProperties", "dependentSchemas"}


def test_the_shipped_schemas_are_those_of_the_shipped_playbook() -> None:
    there = {path.name: path.read_text("utf-8") for path in (SHIPPED / FOLDER).iterdir()}
    assert there == schemas(read_rulebook(shipped())), "run `arpent rules schema rules/playbook`"


def test_every_shipped_file_names_its_schema_and_that_means_nothing() -> None:
    files = shipped()
    for name, text in files.items():
        assert text.startswith(f"{header(name)}\n")
        schema = (SHIPPED / name).parent / header(name).partition("$schema=")[2]
        assert schema.is_file()
    bare = {name: text.partition("\n")[2] for name, text in files.items()}
    assert compile_rulebook(bare).hash == compile_rulebook(files).hash


@pytest.mark.parametrize(
    "files",
    [
        shipped(),
        olga(),
        small(),
        small(
            segments="scope: {when: true}\n"
            "years: {points: {size: {1: 1, '2..3': 1.5, unknown: -1}}}\n"
            "age: {bands: {of: renewal, old: '> 2 w ago', new: known}}\n"
            "tier:\n  label: 5\n  values: {1: Un, 2: [Deux, 2]}\n  table:\n"
            "    - {potential: 500 000, vip: yes, then: 1}\n"
            "    - {potential: 500000 | 1.5 | = 10k, kind: client or prospect, then: 1}\n"
            "    - {sector: 42, years: '-1', age: old | unknown, then: 2, why: 7}\n"
            "    - {else: 2}\n  contact_every: {1: 14 d}\n"
        ),
    ],
    ids=["shipped", "olga", "small", "numbers as names"],
)  # fmt: skip
def test_a_right_playbook_passes(files: dict[str, str | bytes]) -> None:
    compile_rulebook(files)
    assert faults(files) == []


def test_the_examples_of_the_playbook_page_pass() -> None:
    shapes = [each for each in examples() if SHAPE.search(each)]
    assert len(shapes) >= 4
    for example in shapes[:4]:
        assert faults(with_example(example), "segments.yaml") == [], example


def test_most_of_what_is_misshapen_is_refused_as_it_is_typed() -> None:
    validators = {name: Draft7Validator(each) for name, each in of_shipped().items()}
    refused = []
    several = [gallery.FILES, gallery.PEOPLE, gallery.CRM_FIELDS, gallery.RULES, gallery.TABLES]
    for broken in chain(*several, gallery.PLANS):
        try:
            read = in_editor(broken.content())
        except YAMLError:
            continue
        if kind(broken.file) in validators and not validators[kind(broken.file)].is_valid(read):
            refused.append(broken.what)
    assert len(refused) >= FLOOR
    typical = {
        "key misspelt", "key unknown", "type unknown", "CRM misspelt", "two shapes",
        "shape unknown", "tier as bands", "key of a rule misspelt", "criterion unknown",
        "cell value unknown", "result forgotten", "cell as a list", "else with a condition",
        "row without condition", "table as a map", "band on an unknown field", "KPI unknown",
        "plan of nobody", "KPI of no tier", "fifth quarter", "reps as a list", "rule without shape",
    }  # fmt: skip
    assert typical <= set(refused)


_PIECES = [
    "> 500k", "1,5", "- 3", "+2", "500 000", "12 $", "1 2,5 0k", "0.5M $", "unknown", "known", "..",
    "|", " or ", "=", "<=", " ", "4", "’7", "\u00a01", "10",
]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), min_size=1, max_size=4).map("".join))
def test_whatever_number_a_cell_may_hold_passes(text: str) -> None:
    size = Name(name="size", type=FieldType.NUMBER, label=Text("a", "b"), choices={})
    try:
        read_cell(text, size.term)
    except Misfit:
        assume(False)
    for each in (text, as_read(text)):
        assert Draft7Validator(NUMBER_CELL).is_valid(each)


def test_every_key_is_explained_french_first() -> None:
    for name, schema in of_shipped().items():
        if name in {"segments", "tests"}:
            continue
        for model in [schema, *schema.get("definitions", {}).values()]:
            for key, shape in model.get("properties", {}).items():
                is_told = "\n\n" in shape.get("description", "") or _is_listed(model)
                assert is_told, f"{name}: say in rules/schema_words.py what {key} is"


def _is_listed(model: Mapping[str, Any]) -> bool:
    """Whether the keys of a model are Arpent's own fields, whose names say it all."""
    return bool({"tier", "priority", "why"} <= model["properties"].keys())


def test_names_and_values_of_the_playbook_are_offered() -> None:
    segments = of_shipped()["segments"]
    cells = segments["definitions"]["cells"]["properties"]
    assert {"potential", "last_won", "engagement", "existing_link"} <= cells.keys()
    assert cells["engagement"]["anyOf"][0]["enum"] == [
        "active", "dormant", "cold", "unknown", "known",
    ]  # fmt: skip
    assert cells["potential"]["description"] == "potentiel\n\npotential"
    row = segments["properties"]["tier"]["properties"]["table"]["items"]
    assert row["properties"]["then"]["anyOf"][0]["enum"] == ["gold", "silver", "bronze", "unrated"]


def test_a_playbook_with_a_mistake_has_schemas_that_admit_what_they_do_not_know() -> None:
    files = {**shipped(), "fields.yaml": "account: [\n"}
    found = made(files)
    rules = deepcopy(in_editor(files["segments.yaml"]))
    assert Draft7Validator(found["segments"]).is_valid(rules)
    rules["tier"]["bands"] = {}
    assert not Draft7Validator(found["segments"]).is_valid(rules)
