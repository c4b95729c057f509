"""The cursor of a stream: where each of its modules stands, as one compact text."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from connectors.base import Fatal
from rules.language import Text
from rules.time import Instant

_VERSION = 1


@dataclass(slots=True, kw_only=True)
class Reading:
    """A window that is being read.

    `stamp` and `key` are the last row that was read by queries; `job` is a bulk job, `following`
    the token of the one after it, `row` how many of its rows are read.
    """

    start: Instant | None
    end: Instant
    stamp: Instant | None = None
    key: str | None = None
    job: str | None = None
    following: str | None = None
    row: int = 0


@dataclass(slots=True, kw_only=True)
class Progress:
    """Where one module stands: everything modified before `until` has been read.

    `swept_at` is up to when deletions are known, `ripened_at` up to when meetings that have begun
    are, `roles_at` up to when roles on deals are, `loaded_at` when everything was last read.
    """

    until: Instant | None = None
    reading: Reading | None = None
    swept_at: Instant | None = None
    ripened_at: Instant | None = None
    roles_at: Instant | None = None
    loaded_at: Instant | None = None


@dataclass(slots=True)
class Cursor:
    """The progress of each module of a stream, by its name."""

    modules: dict[str, Progress] = field(default_factory=dict)

    def written(self) -> str:
        """The cursor as text."""
        return orjson.dumps({"v": _VERSION, "m": self.modules}).decode()


def cursor_of(text: str | None, names: Sequence[str]) -> Cursor:
    """The cursor of a text; modules that it does not name start with a first load.

    Raises:
        Fatal: The text is not a cursor of this connector.
    """
    known: dict[str, Progress] = {}
    if text is not None:
        try:
            decoded = orjson.loads(text)
            if decoded["v"] != _VERSION:
                raise _unreadable()
            known = {name: _progress(one) for name, one in decoded["m"].items()}
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise _unreadable() from error
    return Cursor({name: known.get(name, Progress()) for name in names})


def _progress(written: dict[str, Any]) -> Progress:
    reading = written.pop("reading")
    return Progress(reading=None if reading is None else Reading(**reading), **written)


def _unreadable() -> Fatal:
    return Fatal(
        Text(
            fr="Le point de reprise de Zoho est illisible : relancez un « pull --full ».",
            en="The resume point of Zoho can't be read: run “pull --full” again.",
        )
    )
