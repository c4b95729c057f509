"""The cursor of a stream: where each of its objects stands, as one compact text.

An object is either in its first load (`loading`: the list endpoint is followed record by record,
then the archived ones) or incremental (`until`: everything modified up to then has been read).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.cursor_text import CursorText
from connectors.hubspot.objects import ObjectType
from rules.time import Instant

_TEXT = CursorText(title="HubSpot")


@dataclass(slots=True, kw_only=True)
class Loading:
    """A first load under way: `after` is the last record read, of the live or archived ones."""

    started_at: Instant
    after: str | None = None
    is_archived: bool = False


@dataclass(slots=True, kw_only=True)
class Progress:
    """Where one object stands.

    `swept_at` is when its archived list was last read, and `sweep_pages` how long it was.
    """

    until: Instant | None = None
    loading: Loading | None = None
    swept_at: Instant = 0
    sweep_pages: int = 1


@dataclass(slots=True)
class Cursor:
    """The progress of each object of a stream, by its path."""

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
    return Cursor({one.path: known.get(one.path, Progress()) for one in object_types})


def _progress(written: dict[str, Any]) -> Progress:
    loading = written["loading"]
    return Progress(
        until=written["until"],
        loading=None if loading is None else Loading(**loading),
        swept_at=written["swept_at"],
        sweep_pages=written["sweep_pages"],
    )
