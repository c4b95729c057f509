"""JSON Schema (draft-07) of the files of a playbook, with the names that this playbook knows.

Editors complete and check by it as people type; `arpent rules check` says the rest. What is a
pydantic model speaks for itself; `segments.yaml` and `tests.yaml`, which are read by hand, are told
in `rules.schema_rules`.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from rules.alert.alerts import Alerts
from rules.facts import Fields
from rules.kpi.kpis import Kpis
from rules.plan.plan import Plan
from rules.plan.terms import TEAM
from rules.rulebook import Reading
from rules.schema_rules import Known, known_of, segments_schema, tests_schema
from rules.schema_shapes import AMOUNT, TEXT, Shape, one_of
from rules.schema_words import KEYS, TITLES, told
from rules.team import Team

FOLDER = ".schema"
DRAFT = "http://json-schema.org/draft-07/schema#"
_MODELS: Mapping[str, type[BaseModel]] = {
    "team": Team, "fields": Fields, "kpis": Kpis, "alerts": Alerts, "plan": Plan,
}  # fmt: skip


def header(file: str) -> str:
    """The line at the top of a file of the playbook that tells editors its schema."""
    is_plan = file.startswith("plans/")
    kind = "plan" if is_plan else file.removesuffix(".yaml")
    up = "../" if is_plan else ""
    return f"# yaml-language-server: $schema={up}{FOLDER}/{kind}.schema.json"


def schemas(reading: Reading) -> dict[str, str]:
    """The schema of each kind of file, as text, by the name of its own file.

    A playbook with mistakes gives what can be known of it: names that are not known are all
    admitted.
    """
    known = known_of(reading)
    made = {kind: _of_model(model) for kind, model in _MODELS.items()}
    _name(made, reading, known)
    made |= {"segments": segments_schema(known), "tests": tests_schema(known)}
    return {f"{kind}.schema.json": _text(kind, schema) for kind, schema in sorted(made.items())}


class _AsWritten(GenerateJsonSchema):
    """Schemas of what people write: texts, which YAML may take for numbers."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """A default is what the reader makes of nothing, not what one could write."""
        return self.generate_inner(schema["schema"])

    def str_schema(self, _schema: core_schema.StringSchema) -> JsonSchemaValue:
        """Any scalar: Arpent reads it as text."""
        return dict(TEXT)

    def int_schema(self, _schema: core_schema.IntSchema) -> JsonSchemaValue:
        """A number, however written."""
        return dict(AMOUNT)

    def float_schema(self, _schema: core_schema.FloatSchema) -> JsonSchemaValue:
        """A number, however written."""
        return dict(AMOUNT)

    def bool_schema(self, _schema: core_schema.BoolSchema) -> JsonSchemaValue:
        """`true`, which YAML knows, or `yes`, which it takes for a text."""
        return {"type": ["boolean", "string"]}

    def function_before_schema(
        self, _schema: core_schema.BeforeValidatorFunctionSchema
    ) -> JsonSchemaValue:
        """What is read by a function of its own says here how it is written, or anything goes."""
        return {}

    def function_plain_schema(
        self, _schema: core_schema.PlainValidatorFunctionSchema
    ) -> JsonSchemaValue:
        """The same."""
        return {}


def _of_model(model: type[BaseModel]) -> Shape:
    schema = model.model_json_schema(
        schema_generator=_AsWritten, ref_template="#/definitions/{model}"
    )
    definitions = schema.pop("$defs", {})
    for name, definition in {**definitions, model.__name__: schema}.items():
        definition.pop("description", None)
        for key, shape in definition.get("properties", {}).items():
            definition["properties"][key] = _described(f"{name}.{key}", shape)
    if not schema.get("required"):
        # A file with nothing in it.
        schema["type"] = ["object", "null"]
    return {**schema, "definitions": definitions} if definitions else dict(schema)


def _described(key: str, shape: Shape) -> Shape:
    words = shape.pop("description", None) or (told(KEYS[key]) if key in KEYS else None)
    listed = _listed(shape)
    if words is None:
        return listed
    # In draft-07 whatever stands beside a $ref is not looked at.
    return {"description": words, **({"allOf": [listed]} if "$ref" in listed else listed)}


def _listed(shape: Shape) -> Shape:
    """Keys of a closed list as properties, which every editor completes."""
    keys = shape.get("propertyNames", {}).get("enum")
    values = shape.get("additionalProperties")
    if not keys or not isinstance(values, dict):
        return shape
    rest = {key: each for key, each in shape.items() if key != "propertyNames"}
    return {**rest, "properties": dict.fromkeys(keys, values), "additionalProperties": False}


def _name(made: Mapping[str, Shape], reading: Reading, known: Known) -> None:
    """Put the names of this playbook where other files refer to them."""
    reps = list(reading.team.reps) if reading.team else []
    if reps:
        _enumerate(made["plan"], "owner", [*reps, TEAM])
        _enumerate(made["plan"]["definitions"]["Review"], "with", reps)
        _enumerate(made["team"]["definitions"]["Rep"], "manager", [*reps, "~"])
    if known.tiers:
        for model in made["kpis"]["definitions"].values():
            if "tiers" in model.get("properties", {}):
                model["properties"]["tiers"]["items"] = one_of(known.tiers)


def _enumerate(schema: Shape, key: str, words: Sequence[str]) -> None:
    described = {"description": schema["properties"][key].get("description", "")}
    schema["properties"][key] = {**described, **one_of(words)}


def _text(kind: str, schema: Shape) -> str:
    body = {key: each for key, each in _untitled(schema).items() if key != "title"}
    title = TITLES[kind]
    whole = {"$schema": DRAFT, "title": f"{title.fr} · {title.en}", **body}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _untitled(schema: Any) -> Any:  # noqa: ANN401 - any part of a schema
    """Without the titles that pydantic makes of names; a property may be called `title`."""
    if isinstance(schema, list):
        return [_untitled(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _untitled(each) for name, each in value.items()}
        if key in {"properties", "definitions"}
        else _untitled(value)
        for key, value in schema.items()
        if key != "title"
    }
