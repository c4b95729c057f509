"""Two deaths one after the other, while one request in six goes wrong in one of thirty ways.

The seed of a run says its stage, its deaths and its faults. After the deaths, one more process
goes on among the faults; then they end, and all must come to what a calm run comes to.
"""

import random
from collections.abc import Mapping
from typing import Any

from tests.torture.crashing import Course, Ready, Verdict, killed
from tests.torture.faults import RARE
from tests.torture.portal import Portal

# Of each request and each kind of fault.
_SHARE = 0.0085


def rules(portal: Portal) -> list[dict[str, Any]]:
    """The faults as the CRM takes them; those of few paths are the likelier there."""
    found = []
    for path, share, faults in portal.faults():
        for name, fault in faults.items():
            likely = _SHARE * share * RARE.get(name, 1)
            row = {"name": name, "match": {"path": path}, "probability": likely, "fault": fault}
            found.append(row)
    return found


def run(stages: Mapping[str, Ready], seed: int) -> tuple[str, Verdict]:
    """The stage, and what became of it after two deaths.

    A process that the faults have stopped before its death is followed by another.
    """
    chance = random.Random(seed)  # noqa: S311 - a course of events, not a secret
    ready = stages[chance.choice(sorted(stages))]
    last = len(ready.labels)
    deaths = [chance.randint(1, last), *(chance.randint(1, last // 2) for _ in range(5)), 0]
    is_late = seed % 2 == 1
    course = Course(
        is_ordered=False, faults=rules(ready.portal), seed=seed,
        switches=ready.portal.late_by(seed) if is_late else {},
    )  # fmt: skip
    return ready.stage.name, killed(ready, deaths, course, times=2)
