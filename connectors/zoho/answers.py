"""Zoho's answers, taken apart with suspicion: anything may come instead of what was asked."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from connectors.base import Unanswered
from connectors.zoho.error_words import NOT_AS_ASKED, NOT_DATA

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A page of a query, and whether Zoho says that there is more."""

    rows: list[Json]
    has_more: bool


def decoded(body: bytes) -> Json:
    """The JSON object of an answer.

    Raises:
        Unanswered: It is something else.
    """
    found: object = None
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = _leniently_decoded(body)
    if not isinstance(found, dict):
        raise Unanswered(NOT_DATA)
    return found


def objects(found: object, member: str) -> list[Json]:
    """The objects that an answer lists under a name; none where there is no such list."""
    listed = found.get(member) if isinstance(found, dict) else None
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def listing(answer: Json, member: str) -> list[Json]:
    """The objects that an answer is there to list; none where it has no body.

    Raises:
        Unanswered: It has no such list: that there is nothing is said by 204.
    """
    if answer and not isinstance(answer.get(member), list):
        raise Unanswered(NOT_AS_ASKED)
    return objects(answer, member)


def every(ask: Callable[[str | None], Rows]) -> list[Json]:
    """All rows of a query that goes on after the id of its last row."""
    rows: list[Json] = []
    last: str | None = None
    while True:
        page = ask(last)
        rows += page.rows
        following = str(page.rows[-1].get("id")) if page.rows else None
        if not page.has_more or following is None or following == last:
            return rows
        last = following


def _leniently_decoded(body: bytes) -> object:
    """JSON with lone surrogates or stray bytes in its texts, so that they cost only their field."""
    try:
        return json.loads(body.decode("utf-8", "replace"), parse_constant=str)
    except (ValueError, RecursionError):
        return None
