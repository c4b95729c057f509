"""The state file: one JSON line for each event, appended before the client hears of it."""

from collections.abc import Iterator
from pathlib import Path

import orjson

from connectors.sandbox.exchange import JsonObject


class BrokenStateFileError(Exception):
    """A line in the middle of the state file cannot be read."""

    def __init__(self, path: Path, line: int) -> None:
        super().__init__(
            f"{path}, line {line}: this state file of the sandbox is damaged; "
            "restore it from a copy, or delete it to start with an empty portal."
        )


class Journal:
    """An append-only file of events; a torn last line is cut off when it is opened."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def replay(self) -> Iterator[JsonObject]:
        """Yield every event in order, then cut off a torn last line."""
        if not self._path.exists():
            return
        whole = 0
        with self._path.open("rb") as file:
            lines = list(file)
        for number, line in enumerate(lines, start=1):
            try:
                event = orjson.loads(line) if line.endswith(b"\n") else None
            except orjson.JSONDecodeError:
                event = None
            if event is None:
                if number < len(lines):
                    raise BrokenStateFileError(self._path, number)
                break
            whole += len(line)
            yield event
        with self._path.open("r+b") as file:
            file.truncate(whole)

    def append(self, events: list[JsonObject]) -> None:
        """Write events and hand them to the operating system: a killed process loses none."""
        with self._path.open("ab") as file:
            file.write(b"".join(orjson.dumps(event) + b"\n" for event in events))
