"""How anything is printed: tables and sentences on a terminal, JSON on request."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from enum import Enum
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text as PlainText

from rules.language import Text, shown
from service.cli.edge import language, say

# Without emoji, which rich makes of `:100:` in a place or of a name like `:fox:`.
console = Console(highlight=False, emoji=False)


def as_json(value: Any) -> None:  # noqa: ANN401 - any plain data
    """One JSON document on standard output."""
    print(json.dumps(_plain(value), ensure_ascii=False, indent=2), flush=True)  # noqa: T201 - the answer itself


@contextmanager
def by_crm(vendors: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Gather what is told of each CRM, and print it as one JSON document, whatever happens.

    It is that of the CRM where there is one, else an object with a member for each.
    """
    told: dict[str, Any] = {}
    try:
        yield told
    finally:
        if told:
            as_json(told if len(vendors) > 1 else next(iter(told.values())))


def as_long_json(head: Mapping[str, Any], name: str, rows: Iterable[Any]) -> None:
    """One JSON document that ends with a list of any length, written as it comes."""
    opening = json.dumps(_plain(head), ensure_ascii=False, indent=2).removesuffix("\n}")
    sys.stdout.write(f'{opening},\n  "{name}": [')
    separator = "\n    "
    for row in rows:
        sys.stdout.write(separator + json.dumps(_plain(row), ensure_ascii=False))
        separator = ",\n    "
    sys.stdout.write("\n  ]\n}\n")
    sys.stdout.flush()


def _plain(value: Any) -> Any:  # noqa: ANN401 - any plain data
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(each) for key, each in value.items()}
    if isinstance(value, Text):
        return value.to(language())
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def table(title: Text, columns: Sequence[Text], rows: Iterable[Sequence[object]]) -> None:
    """A table; numbers are right-aligned, and a name too long for its cell goes on below."""
    drawn = Table(title=say(title), title_justify="left", title_style="bold")
    listed = [list(row) for row in rows]
    for index, column in enumerate(columns):
        is_number = bool(listed) and all(isinstance(row[index], int | float) for row in listed)
        drawn.add_column(say(column), justify="right" if is_number else "left", overflow="fold")
    for row in listed:
        # A name from a CRM may hold what rich takes for its markup, or marks that mislead.
        drawn.add_row(*("" if cell is None else PlainText(shown(str(cell))) for cell in row))
    console.print(drawn)


def line(text: Text) -> None:
    """One sentence."""
    console.print(say(text), markup=False, soft_wrap=True)
