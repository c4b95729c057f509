"""`python -m tests.torture [share FILE DAY | point CRM STAGE NUMBER | seed CRM NUMBER]`.

Without an argument, all of it: every point on SQLite, each twentieth on PostgreSQL, 2,000 double
deaths among faults, the six planted bugs, a frozen process, for each CRM. It can be stopped at any
time and goes on from there. `share` is the part that the suite can afford, `point` and `seed` do
one death or one double death again. Ends with 1 when anything is wrong.
"""

import sys
import tempfile
from pathlib import Path

from tests.torture import parts, planted, results
from tests.torture.parts import POSTGRES, SQLITE
from tests.torture.results import Results
from tests.torture.world import PORTALS

DOUBLES = 2_000
EACH_ON_POSTGRES = 20
# The part of the suite: how many points of a stage, and how many double deaths, of the CRM whose
# turn it is today.
SHARE_OF_POINTS, SHARE_OF_DOUBLES = 2, 4
SHARE_OF_POINTS_ON_POSTGRES = 2
_SHOWN = 8


def whole() -> Results:
    """All of it."""
    found = results.opened()
    for vendor in PORTALS:
        with parts.told(vendor, SQLITE) as tale:
            parts.bugs(found, tale, planted.harmful(vendor))
            parts.controls(found, tale)
            parts.frozen(found, tale)
            parts.points(found, tale, tale.every(1))
            parts.double(found, tale, range(DOUBLES))
        with parts.told(vendor, POSTGRES) as tale:
            parts.frozen(found, tale)
            parts.points(found, tale, tale.every(EACH_ON_POSTGRES, 10))
    return found


def vendor_of(day: int) -> str:
    """The CRM whose turn it is on a day, counted from the beginning of the calendar."""
    turn = list(PORTALS)
    return turn[day % len(turn)]


def share(path: Path, day: int) -> Results:
    """What the suite can afford: some of all that `whole` does, of another CRM each day."""
    found, vendor = Results(path), vendor_of(day)
    first = day * SHARE_OF_DOUBLES
    with parts.told(vendor, SQLITE) as tale:
        parts.bugs(found, tale, planted.some(vendor, day))
        parts.frozen(found, tale)
        parts.points(found, tale, tale.some(SHARE_OF_POINTS, day))
        parts.double(found, tale, range(first, first + SHARE_OF_DOUBLES))
    with parts.told(vendor, POSTGRES, until="first") as tale:
        parts.points(found, tale, tale.some(SHARE_OF_POINTS_ON_POSTGRES, day))
    return found


def again(vendor: str, *, stage: str = "", number: int) -> Results:
    """One death at this point of a stage, or the double death of this number."""
    with tempfile.TemporaryDirectory() as folder, parts.told(vendor, SQLITE, until=stage) as tale:
        found = Results(Path(folder) / "again.jsonl")
        if stage:
            parts.points(found, tale, {stage: [number]})
        else:
            parts.double(found, tale, [number])
    return found


def main(arguments: list[str]) -> int:
    """Do it and print what came of it."""
    match arguments:
        case ["share", path, day]:
            found = share(Path(path), int(day))
        case ["point", vendor, stage, number]:
            found = again(vendor, stage=stage, number=int(number))
        case ["seed", vendor, number]:
            found = again(vendor, number=int(number))
        case _:
            found = whole()
    print(*found.table(), sep="\n")  # noqa: T201 - the result is the output
    for line in found.wrong():
        print(f"{line.part}, {line.name}:", *line.wrong[:_SHOWN], sep="\n    ")  # noqa: T201 - same
    return 1 if any(found.wrong()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
