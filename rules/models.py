"""A document as pydantic models: every misfit becomes an issue at its place."""

import re
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rules.language import Text
from rules.located import Document, Misfit, Path, nearest

Model = TypeVar("Model", bound=BaseModel)


def model_of(document: Document, model: type[Model], path: Path = ()) -> Model | None:
    """What stands at a path as a model; every misfit becomes an issue at its place."""
    data = document.data
    for step in path:
        data = data[step]
    try:
        return model.model_validate({} if data is None else data)
    except ValidationError as error:
        for detail in error.errors():
            _complain_of(document, path, detail, model)
        return None


def _complain_of(document: Document, path: Path, detail: ErrorDetails, model: type[Model]) -> None:
    location = (*path, *detail["loc"])
    # Of a key that is not allowed, pydantic tells this as the last step.
    is_key = location[-1:] == ("[key]",)
    location = location[:-1] if is_key else location
    last = str(location[-1]) if location else ""
    kind = detail["type"]
    if kind == "extra_forbidden":
        known = _keys_of(model, detail["loc"][:-1])
        hint = nearest(last, known)
        text = Text(f"clé inconnue « {last} »{hint.fr}", f"unknown key '{last}'{hint.en}")
        if not hint.en and known:
            text = Text(
                f"{text.fr} (clés admises : {', '.join(known)})",
                f"{text.en} (known keys: {', '.join(known)})",
            )
        document.complain(location, text, at_key=True)
    elif kind == "missing":
        document.complain(
            location, Text(f"il manque la clé « {last} »", f"the key '{last}' is missing")
        )
    else:
        cause = detail.get("ctx", {}).get("error")
        text = cause.text if isinstance(cause, Misfit) else _translated(detail)
        document.complain(location, text, at_key=is_key)


def _keys_of(model: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    """The keys that a model admits at a location, as far as its annotations tell."""
    current: Any = model
    for step in location:
        if _is_model(current):
            fields = {found.alias or name: found for name, found in current.model_fields.items()}
            current = fields[str(step)].annotation if str(step) in fields else None
        else:
            current = next(iter(get_args(current)[::-1]), None)
        if get_origin(current) in {Union, UnionType}:
            current = next(filter(_is_model, get_args(current)), None)
    if not _is_model(current):
        return []
    return [found.alias or name for name, found in current.model_fields.items()]


def _is_model(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


_SHAPES = {dict: "{…}", list: "[…]", type(None): "~"}


def _translated(detail: ErrorDetails) -> Text:
    given = detail.get("input")
    shown = f"'{given}'" if isinstance(given, str) else _SHAPES.get(type(given), "?")
    match detail["type"]:
        case "model_type" | "dict_type" | "mapping_type" | "model_attributes_type":
            return Text(
                "il faut ici des lignes « clé: valeur »", "lines of 'key: value' are needed here"
            )
        case "list_type" | "tuple_type":
            return Text("il faut ici une liste", "a list is needed here")
        case "string_type":
            return Text("il faut ici un texte", "a text is needed here")
        case "enum" | "literal_error":
            allowed = re.findall(r"'(.*?)'", detail.get("ctx", {}).get("expected", ""))
            hint, listed = nearest(str(given), allowed), ", ".join(allowed)
            return Text(
                f"{shown} n'est pas admis ici{hint.fr} (valeurs : {listed})",
                f"{shown} is not allowed here{hint.en} (values: {listed})",
            )
        case _:
            return Text(f"{shown} : {detail['msg']}", f"{shown}: {detail['msg']}")
