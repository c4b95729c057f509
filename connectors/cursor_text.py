"""The text of a cursor: where each object of a stream stands, under a version.

What stands of an object, and under which name, is the connector's affair.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson

from connectors.base import Fatal
from rules.language import Text

ProgressT = TypeVar("ProgressT")


@dataclass(frozen=True, slots=True, kw_only=True)
class CursorText:
    """How the cursors of one connector are written; `title` is what people call the CRM.

    `version` is another one as soon as cursors written before can't be read any more.
    """

    title: str
    version: int = 1

    def written(self, objects: Mapping[str, object]) -> str:
        """The text; what stands of an object is a dataclass, or plain JSON."""
        return orjson.dumps({"v": self.version, "o": objects}).decode()

    def read(
        self, text: str | None, progress: Callable[[dict[str, Any]], ProgressT]
    ) -> dict[str, ProgressT]:
        """What a text says of each object; nothing where there is no text yet.

        `progress` reads what is written of one object.

        Raises:
            Fatal: The text is not a cursor of this connector.
        """
        if text is None:
            return {}
        try:
            decoded = orjson.loads(text)
            if decoded["v"] != self.version:
                raise self._unreadable()
            return {name: progress(one) for name, one in decoded["o"].items()}
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise self._unreadable() from error

    def _unreadable(self) -> Fatal:
        return Fatal(
            Text(
                fr=f"Le point de reprise de {self.title} est illisible : relancez un « pull "
                "--full ».",
                en=f"The resume point of {self.title} can't be read: run “pull --full” again.",
            )
        )
