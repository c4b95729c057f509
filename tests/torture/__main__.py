"""`python -m tests.torture [share FILE]`: all of it, or the part that the suite can afford.

Without an argument: every point on SQLite, each twentieth on PostgreSQL, 2,000 double deaths among
faults, the six planted bugs, a frozen process. It can be stopped at any time and goes on from
there. Ends with 1 when anything is wrong.
"""

import sys
from pathlib import Path

from tests.torture import parts, results
from tests.torture.parts import POSTGRES, SQLITE
from tests.torture.results import Results

DOUBLES = 2_000
EACH_ON_POSTGRES = 20
# The part of the suite: how many points lie between two, and how many double deaths.
SHARE_STEP, SHARE_STEP_ON_POSTGRES, SHARE_OF_DOUBLES = 101, 170, 16
_SHOWN = 8


def whole() -> Results:
    """All of it."""
    found = results.opened()
    with parts.told(SQLITE) as stages:
        parts.bugs(found, stages)
        parts.controls(found, stages)
        parts.frozen(found, SQLITE, stages)
        parts.points(found, SQLITE, stages, parts.every(stages, 1))
        parts.double(found, stages, range(DOUBLES))
    with parts.told(POSTGRES) as stages:
        parts.frozen(found, POSTGRES, stages)
        parts.points(found, POSTGRES, stages, parts.every(stages, EACH_ON_POSTGRES, 10))
    return found


def share(path: Path) -> Results:
    """What the suite can afford: all that `whole` does, at some points."""
    found = Results(path)
    with parts.told(SQLITE) as stages:
        parts.bugs(found, stages)
        parts.frozen(found, SQLITE, stages)
        parts.points(found, SQLITE, stages, parts.every(stages, SHARE_STEP, 31))
        parts.double(found, stages, range(SHARE_OF_DOUBLES))
    with parts.told(POSTGRES, until="first") as stages:
        parts.points(found, POSTGRES, stages, parts.every(stages, SHARE_STEP_ON_POSTGRES, 150))
    return found


def main(arguments: list[str]) -> int:
    """Do it and print what came of it."""
    match arguments:
        case ["share", path]:
            found = share(Path(path))
        case _:
            found = whole()
    print(*found.table(), sep="\n")  # noqa: T201 - the result is the output
    for line in found.wrong():
        print(f"{line.part}, {line.name}:", *line.wrong[:_SHOWN], sep="\n    ")  # noqa: T201 - same
    return 1 if any(found.wrong()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
