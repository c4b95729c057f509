"""The cursor of a stream: where each of its objects stands, as one compact text."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.cursor_text import CursorText
from connectors.salesforce.objects import ObjectType
from rules.time import Instant

_TEXT = CursorText(title="Salesforce")


@dataclass(slots=True, kw_only=True)
class Reading:
    """A window that is being read, up to `end` within the reading's own `target`.

    `stamp` and `key` are the last row that was read; `job` and `locator` the place in a bulk job.
    """

    start: Instant | None
    end: Instant
    target: Instant
    stamp: Instant | None = None
    key: str | None = None
    job: str | None = None
    locator: str | None = None


@dataclass(slots=True, kw_only=True)
class Progress:
    """Where one object stands: everything modified before `until` has been read.

    `swept_at` is up to when deletions are known, `ripened_at` up to when events that have begun
    are, `loaded_at` when everything was last read, `basis` the rates of exchange with which.
    """

    until: Instant | None = None
    reading: Reading | None = None
    swept_at: Instant | None = None
    ripened_at: Instant | None = None
    loaded_at: Instant | None = None
    basis: str = ""


@dataclass(slots=True)
class Cursor:
    """The progress of each object of a stream, by its name."""

    objects: dict[str, Progress] = field(default_factory=dict)

    def written(self) -> str:
        """The cursor as text."""
        return _TEXT.written(self.objects)


def cursor_of(text: str | None, object_types: Sequence[ObjectType]) -> Cursor:
    """The cursor of a text; objects that it does not name start with a first load.

    Raises:
        Fatal: The text is not a cursor of this connector.
    """
    known = _TEXT.read(text, _progress)
    return Cursor({one.name: known.get(one.name, Progress()) for one in object_types})


def _progress(written: dict[str, Any]) -> Progress:
    reading = written["reading"]
    return Progress(
        until=written["until"],
        reading=None if reading is None else Reading(**reading),
        swept_at=written["swept_at"],
        ripened_at=written["ripened_at"],
        loaded_at=written["loaded_at"],
        basis=written["basis"],
    )
