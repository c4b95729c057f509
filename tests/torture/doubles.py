"""Two deaths one after the other, while one request in six goes wrong in one of thirty ways.

The seed of a run says its stage, its deaths and its faults. After the deaths, one more process
goes on among the faults; then they end, and all must come to what a calm run comes to.
"""

import random
from collections.abc import Mapping
from typing import Any

from tests.torture.crashing import Course, Ready, Verdict, killed

# Of each request and each kind of fault.
_SHARE = 0.0085
_LIST, _WRITE = r"/crm/objects/[^/]+/\w+$|/search$", "/batch/update$"
_DAILY = {
    "status": "error", "errorType": "RATE_LIMIT", "policyName": "DAILY",
    "message": "You have reached your daily limit.",
}  # fmt: skip
_INVALID = {"status": "error", "category": "VALIDATION_ERROR", "message": "Something is invalid."}
_PAGE = "<html><body>Bad gateway</body></html>"

Fault = dict[str, Any]

ANYWHERE: Mapping[str, Fault] = {
    "429": {"status": 429},
    "429 with seconds": {"status": 429, "retry_after": 2},
    "429 with a date": {"status": 429, "retry_after": "Thu, 02 Jul 2026 04:00:00 GMT"},
    "429 for a day": {"status": 429, "retry_after": 86_400},
    "429 for a year": {"status": 429, "retry_after": 31_536_000},
    "the day's calls are used up": {"status": 429, "body": _DAILY},
    "500": {"status": 500},
    "502 with a page": {"status": 502, "body": _PAGE},
    "503 with a wait": {"status": 503, "retry_after": 1},
    "504": {"status": 504},
    "477, moving": {"status": 477, "retry_after": 90},
    "401, expired": {"expired": True},
    "cut before it is read": {"reset": True},
    "carried out, then cut": {"drop_after_commit": True},
    "carried out, then 500": {"status_after_commit": 500},
    "carried out, then 502": {"status_after_commit": 502, "body": _PAGE},
    "carried out, then 504": {"status_after_commit": 504},
    "carried out, never answered": {"stall_after_commit": True},
    "never answered": {"stall": True},
    "late": {"delay": 0.05},
    "dripping": {"drip": 0.1, "chunk": 8},
    "cut in the middle": {"truncate": 0.5},
    "cut at the end": {"truncate": 0.97},
    "a page in place of data": {"html": True},
    "an empty answer": {"status": 200, "body": ""},
    "half of a JSON": {"status": 200, "body": '{"results": ['},
    "a bomb": {"gzip_bomb": 33},
}
READING: Mapping[str, Fault] = {
    "each record twice": {"spoil": [{"at": ["results"], "repeat": True}]},
    "records in disorder": {"spoil": [{"at": ["results"], "reverse": True}]},
    "no list of records": {"spoil": [{"at": ["results"], "remove": True}]},
    "a page that leads to itself": {"spoil": [{"at": ["paging"], "set": {"next": {"after": "1"}}}]},
}
WRITING: Mapping[str, Fault] = {
    "423, locked": {"status": 423},
    "400": {"status": 400, "body": _INVALID},
    "a row unmentioned": {"spoil": [{"at": ["results", 0], "remove": True}]},
    "all rows unmentioned": {"spoil": [{"at": ["results"], "clear": True}]},
    "rows in disorder": {"spoil": [{"at": ["results"], "reverse": True}]},
    "rows twice": {"spoil": [{"at": ["results"], "repeat": True}]},
}
# A bomb costs a second of work, and shows nothing new the tenth time.
_RARE = {"a bomb": 0.1, "dripping": 0.3}
# What was written is found by the search some seconds, or minutes, after it was.
LATE_SEARCH = {"search_lag": "tailed", "search_lag_seconds": 2.0}
KINDS = (*ANYWHERE, *READING, *WRITING)


def rules() -> list[dict[str, Any]]:
    """The faults as the portal takes them; those of few paths are the likelier there."""
    found = []
    for path, share, faults in (
        (_WRITE, 5, WRITING), (_LIST, 1.5, READING), ("^/(crm|oauth|account)", 1, ANYWHERE),
    ):  # fmt: skip
        for name, fault in faults.items():
            likely = _SHARE * share * _RARE.get(name, 1)
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
        is_ordered=False, faults=rules(), seed=seed,
        switches={**LATE_SEARCH, "search_lag_seed": seed} if is_late else {},
    )  # fmt: skip
    return ready.stage.name, killed(ready, deaths, course, times=2)
