"""`python -m tests.fuzz [CONDITIONS [STRINGS [SEED]]]`: all; ends with 1 if any is wrong."""

import sys
import time
from random import Random

from tests import postgres
from tests.fuzz import agreement, hostile

CONDITIONS, STRINGS = 55_000, 300_000
_SHOWN = 20


def _agree(server: str, count: int, seed: int) -> int:
    started, tally, wrong = time.monotonic(), agreement.Tally(), 0
    url = server.replace("postgresql://", "postgresql+psycopg://", 1)
    with agreement.opened("sqlite://") as one, agreement.opened(url) as other:
        for found in agreement.disagreements([one, other], seed, count, tally):
            wrong += 1
            if wrong <= _SHOWN:
                print(f"{found.where}: {found.what}\n  {found.text!r}")  # noqa: T201 - the result
    print(  # noqa: T201 - the result
        f"{tally.accepted:,} accepted conditions, {tally.evaluated:,} evaluations on each side "
        f"({tally.true:,} true, {tally.unknown:,} unknown): {wrong} disagreements; "
        f"{time.monotonic() - started:.0f} s"
    )
    return wrong


def _resist(count: int, seed: int) -> int:
    started, toll, wrong = time.monotonic(), hostile.Toll(), 0
    random = Random(seed)  # noqa: S311 - to be repeated, not to be secret
    with (
        agreement.opened("sqlite://") as memory,
        hostile.guarded(memory),
        hostile.listening() as said,
    ):
        for text in hostile.strings(random, count):
            faults = list(hostile.faults(text, memory, toll))
            for fault in [*faults, *said]:
                wrong += 1
                if wrong <= _SHOWN:
                    print(f"{fault}\n  {text[:200]!r}")  # noqa: T201 - the result
            said.clear()
    print(  # noqa: T201 - the result
        f"{toll.tried:,} hostile strings, {toll.accepted:,} accepted as conditions, the slowest in "
        f"{toll.slowest:.2f} s: {wrong} wrong; {time.monotonic() - started:.0f} s"
    )
    return wrong


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    conditions, strings, seed = [*given, *(CONDITIONS, STRINGS, 1)[len(given) :]]
    with postgres.server() as server:
        found = _agree(server, conditions, seed) + _resist(strings, seed)
    sys.exit(1 if found else 0)
