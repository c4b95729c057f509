"""The cursor of a stream: where each of its modules stands, as one compact text."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.cursor_text import CursorText
from rules.time import Instant

_TEXT = CursorText(title="Zoho")


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
        return _TEXT.written(self.modules)


def cursor_of(text: str | None, names: Sequence[str]) -> Cursor:
    """The cursor of a text; modules that it does not name start with a first load.

    Raises:
        Fatal: The text is not a cursor of this connector.
    """
    known = _TEXT.read(text, _progress)
    return Cursor({name: known.get(name, Progress()) for name in names})


def _progress(written: dict[str, Any]) -> Progress:
    reading = written.pop("reading")
    return Progress(reading=None if reading is None else Reading(**reading), **written)
