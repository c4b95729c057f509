"""What was tortured so far, line by line in a file: a run that is stopped goes on from there.

The file belongs to the sources as they are: once any of them changes, all begins anew.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".torture"
_SOURCES = ("rules", "connectors", "service", "migrations", "tests/torture", "tests/scenarios")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that was done: of which part, which one, what is wrong, how many seconds."""

    part: str
    name: str
    wrong: Sequence[str]
    seconds: float
    ends: Sequence[int] = ()
    fired: dict[str, int] = field(default_factory=dict)


class Results:
    """The lines of a file, and those to come."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.lines: dict[tuple[str, str], Line] = {}
        if path.exists():
            for written in path.read_text(encoding="utf-8").splitlines():
                self._take(Line(**json.loads(written)))

    def _take(self, line: Line) -> None:
        self.lines[line.part, line.name] = line

    def has(self, part: str, name: str) -> bool:
        """Whether this was done."""
        return (part, name) in self.lines

    def add(self, line: Line) -> None:
        """Keep a line, whatever happens next."""
        self._take(line)
        told: dict[str, Any] = {name: getattr(line, name) for name in Line.__slots__}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(told, ensure_ascii=False) + "\n")

    def wrong(self) -> Iterator[Line]:
        """The lines in which something is wrong."""
        return (line for line in self.lines.values() if line.wrong)

    def fired(self) -> Counter[str]:
        """How often each fault has fired, and all requests as `requests`."""
        total: Counter[str] = Counter()
        for line in self.lines.values():
            total.update(line.fired)
        return total

    def table(self) -> Iterator[str]:
        """The lines of each part, in figures."""
        parts: defaultdict[str, list[Line]] = defaultdict(list)
        for line in self.lines.values():
            parts[line.part].append(line)
        yield f"{'':34}{'done':>8}{'in order':>10}{'s each':>8}"
        for part, lines in parts.items():
            good = sum(not line.wrong for line in lines)
            mean = sum(line.seconds for line in lines) / len(lines)
            yield f"{part:34}{len(lines):>8}{good:>10}{mean:>8.2f}"
        fired = self.fired()
        requests = fired.pop("requests", 0)
        if requests:
            faults, kinds = fired.total(), sum(count > 0 for count in fired.values())
            yield (
                f"{requests} requests, {faults} of them ({faults / requests:.0%}) met one of "
                f"{kinds} kinds of faults"
            )


def opened() -> Results:
    """The results of the sources as they are."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / ".gitignore").write_text("*\n", encoding="utf-8")
    return Results(FOLDER / f"{_fingerprint()}.jsonl")


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for folder in _SOURCES:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".py", ".yaml", ".csv"}:
                digest.update(path.relative_to(ROOT).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
