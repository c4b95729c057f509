"""The parts of the torture: which runs there are, and how each is done."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from tests import postgres
from tests.torture import doubles, freezing, planted, story
from tests.torture.crashing import Ready, killed
from tests.torture.processes import KILLED
from tests.torture.results import Line, Results

SQLITE, POSTGRES = "sqlite", "postgresql"
DOUBLE = "double deaths among faults"
CAUGHT, UNPLANTED = "planted bugs caught", "the same without the bug"
Stages = Mapping[str, Ready]


@contextmanager
def told(database: str, *, until: str = "") -> Iterator[Stages]:
    """The stages on a database; PostgreSQL's server lives as long as the block."""
    if database == SQLITE:
        with story.told(until=until) as stages:
            yield stages
        return
    with postgres.server() as server, story.told(server, until=until) as stages:
        yield stages


def points(
    results: Results, database: str, stages: Stages, wanted: Mapping[str, Iterable[int]]
) -> None:
    """Single deaths at these points of each stage."""
    for stage, numbers in wanted.items():
        part = f"points: {database}, {stage}"
        for number in numbers:
            label = stages[stage].labels[number - 1]
            name = f"{number} {label}"
            if results.has(part, name):
                continue
            begun = time.monotonic()
            verdict = killed(stages[stage], [number])
            wrong = list(verdict.wrong)
            if list(verdict.ends) != [KILLED] and number < len(stages[stage].labels) - 20:
                wrong.append(f"nobody died: {verdict.ends}")
            results.add(_line(part, name, begun, wrong, ends=list(verdict.ends)))


def every(stages: Stages, step: int, first: int = 1) -> dict[str, Sequence[int]]:
    """Each so manieth point of all stages, the stages one after the other."""
    wanted: dict[str, Sequence[int]] = {}
    for name, ready in stages.items():
        wanted[name] = range(first, len(ready.labels) + 1, step)
        first = step - (len(ready.labels) - first) % step
    return wanted


def double(results: Results, stages: Stages, seeds: Iterable[int]) -> None:
    """Double deaths among faults."""
    for seed in seeds:
        name = str(seed)
        if results.has(DOUBLE, name):
            continue
        begun = time.monotonic()
        _, verdict = doubles.run(stages, seed)
        line = _line(
            DOUBLE, name, begun, verdict.wrong, ends=list(verdict.ends),
            fired=dict(verdict.fired),
        )  # fmt: skip
        results.add(line)


def bugs(results: Results, stages: Stages) -> None:
    """Each planted bug must be seen."""
    for bug in planted.BUGS:
        if not results.has(CAUGHT, bug.name):
            begun = time.monotonic()
            seen = planted.violations_of(stages, bug)
            results.add(_line(CAUGHT, bug.name, begun, ["not caught"] * (not seen)))


def controls(results: Results, stages: Stages) -> None:
    """Nothing must be seen in the same course where no bug is planted."""
    for bug in planted.BUGS:
        if not results.has(UNPLANTED, bug.name):
            begun = time.monotonic()
            seen = planted.violations_of(stages, bug, planted=False)
            results.add(_line(UNPLANTED, bug.name, begun, seen))


def frozen(results: Results, database: str, stages: Stages) -> None:
    """A frozen process that comes back."""
    part = f"frozen and resumed: {database}"
    if results.has(part, "later"):
        return
    begun = time.monotonic()
    tale = freezing.frozen(stages["later"])
    wrong = list(tale.wrong)
    if tale.stale == tale.newer:
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
