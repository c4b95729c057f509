"""The parts of the torture: which runs there are, and how each is done."""

import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests import postgres
from tests.torture import doubles, freezing, planted, story
from tests.torture.crashing import Ready, killed
from tests.torture.planted import BUGS, Bug
from tests.torture.processes import KILLED
from tests.torture.results import Line, Results

SQLITE, POSTGRES = "sqlite", "postgresql"
DOUBLE = "double deaths among faults"
CAUGHT, UNPLANTED = "planted bugs caught", "the same without the bug"
# So near its end, a stage may end before a point that it passed another time.
_END = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The stages of a CRM on a database, by name."""

    vendor: str
    database: str
    stages: Mapping[str, Ready]

    def part(self, name: str) -> str:
        """What a part is called here."""
        return f"{name}: {self.vendor}, {self.database}"

    def every(self, step: int, first: int = 1) -> dict[str, Sequence[int]]:
        """Each so manieth point of all stages, the stages one after the other."""
        wanted: dict[str, Sequence[int]] = {}
        for name, ready in self.stages.items():
            wanted[name] = range(first, len(ready.labels) + 1, step)
            first = step - (len(ready.labels) - first) % step
        return wanted

    def some(self, number: int, day: int) -> dict[str, Sequence[int]]:
        """So many points of each stage, spread over it; other ones each day."""
        wanted: dict[str, Sequence[int]] = {}
        for name, ready in self.stages.items():
            chance = random.Random(f"{self.vendor} {name} {day}")  # noqa: S311 - which points, not a secret
            length = len(ready.labels) / number
            wanted[name] = [1 + int((place + chance.random()) * length) for place in range(number)]
        return wanted


@contextmanager
def told(vendor: str, database: str, *, until: str = "") -> Iterator[Told]:
    """The stages of a CRM on a database; PostgreSQL's server lives as long as the block."""
    if database == SQLITE:
        with story.told(vendor, until=until) as stages:
            yield Told(vendor=vendor, database=database, stages=stages)
        return
    with postgres.server() as server, story.told(vendor, server, until=until) as stages:
        yield Told(vendor=vendor, database=database, stages=stages)


def points(results: Results, tale: Told, wanted: Mapping[str, Iterable[int]]) -> None:
    """Single deaths at these points of each stage."""
    for stage, numbers in wanted.items():
        part, ready = f"{tale.part('points')}, {stage}", tale.stages[stage]
        for number in numbers:
            name = f"{number} {ready.labels[number - 1]}"
            if results.has(part, name):
                continue
            begun = time.monotonic()
            verdict = killed(ready, [number])
            wrong = list(verdict.wrong)
            if list(verdict.ends) != [KILLED] and number < len(ready.labels) - _END:
                wrong.append(f"nobody died: {verdict.ends}")
            results.add(_line(part, name, begun, wrong, ends=list(verdict.ends)))


def double(results: Results, tale: Told, seeds: Iterable[int]) -> None:
    """Double deaths among faults."""
    part = tale.part(DOUBLE)
    for seed in seeds:
        name = str(seed)
        if results.has(part, name):
            continue
        begun = time.monotonic()
        _, verdict = doubles.run(tale.stages, seed)
        line = _line(
            part, name, begun, verdict.wrong, ends=list(verdict.ends), fired=dict(verdict.fired)
        )
        results.add(line)


def bugs(results: Results, tale: Told, wanted: Sequence[Bug]) -> None:
    """Each of these planted bugs must be seen."""
    part = tale.part(CAUGHT)
    for bug in wanted:
        if not results.has(part, bug.name):
            begun = time.monotonic()
            seen = planted.violations_of(tale.stages, bug)
            results.add(_line(part, bug.name, begun, ["not caught"] * (not seen)))


def controls(results: Results, tale: Told) -> None:
    """Nothing must be seen in the same course where no bug is planted."""
    part = tale.part(UNPLANTED)
    for bug in BUGS:
        if not results.has(part, bug.name):
            begun = time.monotonic()
            seen = planted.violations_of(tale.stages, bug, planted=False)
            results.add(_line(part, bug.name, begun, seen))


def frozen(results: Results, tale: Told) -> None:
    """A frozen process that comes back."""
    part = tale.part("frozen and resumed")
    if results.has(part, "later"):
        return
    begun = time.monotonic()
    story_of_it = freezing.frozen(tale.stages["later"])
    wrong = list(story_of_it.wrong)
    if story_of_it.stale == story_of_it.newer:
        wrong.append("nothing stale was written")
    results.add(_line(part, "later", begun, wrong))


def _line(
    part: str,
    name: str,
    begun: float,
    wrong: Sequence[str],
    *,
    ends: Sequence[int] = (),
    fired: dict[str, int] | None = None,
) -> Line:
    seconds = round(time.monotonic() - begun, 3)
    return Line(part=part, name=name, wrong=list(wrong), seconds=seconds, ends=ends,
                fired=fired or {})  # fmt: skip
