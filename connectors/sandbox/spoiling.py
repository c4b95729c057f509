"""Answers that are not what they should be: the fault `spoil`, a list of edits of the printed JSON.

An edit has a path, `at`: names of members, and in a list the place of an entry (a number) or its
`id` or `Id` (a text), or "*" for every entry. What it does there:

- `set`: put any value in the place of what is there, or add it (also values that JSON has no
  word for, as NaN, and lone surrogates, which are printed as escapes);
- `number`: the text becomes the number that it writes;
- `rename`: another name for the member, so that a name can come twice;
- `repeat`, `reverse`, `clear`: what happens to a list; `remove`: what is there goes.

A path that leads nowhere changes nothing: one set of edits serves every answer.
"""

import json
from collections.abc import Iterator
from typing import Any

import orjson

from connectors.sandbox.exchange import ImpossibleError, JsonObject

_DEEDS = ("set", "number", "rename", "repeat", "reverse", "clear", "remove")
# What a member is called until the body is printed; then its new name, whoever bears it already.
_RENAMED = "\x00renamed:"
_PRINTED = json.dumps(_RENAMED)[1:-1]


def check(edits: list[JsonObject]) -> None:
    """Refuse edits that make no sense: ImpossibleError."""
    for edit in edits:
        is_edit = isinstance(edit, dict) and isinstance(edit.get("at"), list) and edit["at"]
        if not is_edit or sum(deed in edit for deed in _DEEDS) != 1:
            raise ImpossibleError(
                f"An edit has a path 'at' and one of {', '.join(_DEEDS)}: {edit!r}."
            )


def spoiled(body: bytes, edits: list[JsonObject]) -> bytes:
    """The body with the edits, in their order; what is no JSON stays as it is."""
    try:
        answer: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    for edit in edits:
        *path, last = edit["at"]
        for holder in _found([answer], path):
            for place in list(_places(holder, last)):
                _do(holder, place, edit)
    return json.dumps(answer).replace(_PRINTED, "").encode()


def _found(holders: list[Any], path: list[Any]) -> list[Any]:
    """What a path leads to, from each of some values."""
    for step in path:
        holders = [
            holder[place]
            for holder in holders
            for place in _places(holder, step)
            if isinstance(holder, list) or place in holder
        ]
    return holders


def _places(holder: object, step: object) -> Iterator[Any]:
    """The member or the entries that a step names."""
    if isinstance(holder, dict) and isinstance(step, str):
        yield step
    elif isinstance(holder, list):
        for place, entry in enumerate(holder):
            name = (entry.get("id") or entry.get("Id")) if isinstance(entry, dict) else None
            if step in ("*", name) or step == place:
                yield place


def _do(holder: Any, place: Any, edit: JsonObject) -> None:  # noqa: ANN401 - any JSON
    if "set" in edit:
        holder[place] = edit["set"]
        return
    present = holder[place] if isinstance(holder, list) else holder.get(place)
    if present is None:
        return
    if "rename" in edit:
        holder[_RENAMED + edit["rename"]] = holder.pop(place)
    elif "number" in edit and isinstance(present, str) and present.isdecimal():
        holder[place] = int(present)
    elif "remove" in edit:
        del holder[place]
    elif isinstance(present, list):
        holder[place] = _changed(present, edit)


def _changed(entries: list[Any], edit: JsonObject) -> list[Any]:
    if "repeat" in edit:
        return entries * 2
    return entries[::-1] if "reverse" in edit else []
