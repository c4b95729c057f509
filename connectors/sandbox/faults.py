"""Faults on demand: which requests go wrong, and how.

`POST /__faults {"seed": 1, "rules": [{"match": {"method": "POST", "path": "/batch/"}, "nth": 2,
"fault": {"reset": true}}]}`. `query` in a match is sought in the decoded part after
the question mark. A rule fires on its `nth` matching request (a number or a list, from 1), with a
`probability`, or always; `times` caps how often. The first rule that fires wins.

Faults, which may be combined: `delay` (seconds) · `status` with `body`, `headers`,
`retry_after` · `html` · `expired` · `reset` · `drop_after_commit` · `status_after_commit` ·
`stall_after_commit` (carried out, never answered) · `act` (an action of `/__actions`, or a list
of them, done before the request is: what changes while somebody reads page after page; alone it
lets the request through) · `spoil` (edits of the answer's JSON: see `spoiling`) · `truncate`
(share of the body that is sent) · `drip` (seconds between `chunk` bytes) · `stall` (no answer
until the client leaves) · `gzip_bomb` (megabytes unpacked).
"""

import random
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from connectors.sandbox import spoiling
from connectors.sandbox.exchange import ImpossibleError, JsonObject

_MEMBERS: dict[str, type | tuple[type, ...]] = {
    "delay": (int, float),
    "status": int,
    "body": (str, dict, list),
    "headers": dict,
    "retry_after": (int, str),
    "html": bool,
    "expired": bool,
    "reset": bool,
    "drop_after_commit": bool,
    "status_after_commit": int,
    "stall_after_commit": bool,
    "act": (dict, list),
    "spoil": list,
    "truncate": (int, float),
    "drip": (int, float),
    "chunk": int,
    "stall": bool,
    "gzip_bomb": int,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong with one request."""

    delay: float = 0.0
    status: int = 0
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    retry_after: int | str = ""
    html: bool = False
    expired: bool = False
    reset: bool = False
    drop_after_commit: bool = False
    status_after_commit: int = 0
    stall_after_commit: bool = False
    act: Any = ()
    spoil: list[JsonObject] = field(default_factory=list)
    truncate: float | None = None
    drip: float = 0.0
    chunk: int = 16
    stall: bool = False
    gzip_bomb: int = 0


@dataclass(slots=True, kw_only=True)
class _Rule:
    method: re.Pattern[str]
    path: re.Pattern[str]
    query: re.Pattern[str]
    nth: frozenset[int]
    probability: float
    times: int | None
    fault: Fault
    source: JsonObject
    seen: int = 0
    fired: int = 0

    def fires(self, method: str, path: str, query: str, chance: random.Random) -> bool:
        is_meant = self.method.fullmatch(method) and self.path.search(path)
        if not (is_meant and self.query.search(query)):
            return False
        self.seen += 1
        if self.times is not None and self.fired >= self.times:
            return False
        if self.nth:
            is_hit = self.seen in self.nth
        else:
            is_hit = self.probability >= 1 or chance.random() < self.probability
        self.fired += is_hit
        return is_hit


class Faults:
    """The rules in force; replacing them starts their counts again."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []
        self.replace({})

    def replace(self, body: JsonObject) -> JsonObject:
        """Take over a whole set of rules; ImpossibleError when one makes no sense."""
        rules = body.get("rules", [])
        if not isinstance(rules, list):
            raise ImpossibleError("'rules' must be a list of fault rules.")
        self._rules = [_rule(row) for row in rules]
        self._chance = random.Random(body.get("seed", 0))  # noqa: S311 - a reproducible plan, not a secret
        return self.as_json()

    def choose(self, method: str, path: str, query: str = "") -> Fault | None:
        """Return the fault of this request, if a rule fires; `query` as it came."""
        decoded = unquote_plus(query)
        for rule in self._rules:
            if rule.fires(method, path, decoded, self._chance):
                return rule.fault
        return None

    @property
    def fired(self) -> int:
        """How many requests went wrong so far."""
        return sum(rule.fired for rule in self._rules)

    def as_json(self) -> JsonObject:
        """Return the rules with their counts."""
        rows = [rule.source | {"seen": rule.seen, "fired": rule.fired} for rule in self._rules]
        return {"rules": rows}


def _rule(row: JsonObject) -> _Rule:
    if not isinstance(row, dict) or not isinstance(row.get("fault"), dict) or not row["fault"]:
        raise ImpossibleError("Each fault rule needs a 'fault' object that says what goes wrong.")
    match = row.get("match") or {}
    nth = row.get("nth", [])
    numbers = nth if isinstance(nth, list) else [nth]
    if not all(isinstance(number, int) and number > 0 for number in numbers):
        raise ImpossibleError(
            f"'nth' must be a number from 1 or a list of them, and {nth!r} is not."
        )
    try:
        method = re.compile(str(match.get("method", ".*")), re.IGNORECASE)
        path = re.compile(str(match.get("path", "")))
        query = re.compile(str(match.get("query", "")))
    except re.error as error:
        raise ImpossibleError(f"{error.pattern!r} is no regular expression: {error}.") from error
    return _Rule(
        method=method,
        path=path,
        query=query,
        nth=frozenset(numbers),
        probability=float(row.get("probability", 1)),
        times=row.get("times"),
        fault=_fault(row["fault"]),
        source=row,
    )


def _fault(members: JsonObject) -> Fault:
    for name, value in members.items():
        if name not in _MEMBERS:
            raise ImpossibleError(
                f"There is no fault '{name}'; those that exist: {', '.join(_MEMBERS)}."
            )
        if not isinstance(value, _MEMBERS[name]):
            raise ImpossibleError(f"The fault '{name}' cannot be {value!r}.")
    spoiling.check(members.get("spoil", []))
    return Fault(**members)
